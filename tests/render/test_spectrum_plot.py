"""Spectrum plots show measured flux, and spectral lines at the redshift."""

import re

import numpy as np

from galsearch.core.spectrum import DESI_N_PIXELS, DESI_WAVELENGTH_ANGSTROM
from galsearch.render.spectrum_plot import N_BINS, bin_spectrum, spectrum_svg


def test_binning_is_the_inverse_variance_mean_of_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    flux, ivar = rng.normal(size=DESI_N_PIXELS), rng.random(DESI_N_PIXELS)
    ivar[1000:1100] = 0
    centre, binned, _ = bin_spectrum(flux, ivar)
    edges = np.linspace(0, DESI_N_PIXELS, N_BINS + 1).astype(int)
    for i in range(N_BINS):
        rows = slice(edges[i], edges[i + 1])
        np.testing.assert_allclose(centre[i], DESI_WAVELENGTH_ANGSTROM[rows].mean())
        if ivar[rows].sum() == 0:
            assert np.isnan(binned[i])
        else:
            np.testing.assert_allclose(binned[i], np.average(flux[rows], weights=ivar[rows]))
    assert np.isnan(binned).any()


def test_the_error_of_a_bin_is_that_of_its_weighted_mean() -> None:
    ivar = np.full(DESI_N_PIXELS, 4.0)
    ivar[:110] = 0
    _, mean, error = bin_spectrum(np.ones(DESI_N_PIXELS), ivar, 77)
    assert len(mean) == 77
    assert np.isnan(error[0])
    np.testing.assert_allclose(
        error[-1], 0.5 / np.sqrt(DESI_N_PIXELS - int(76 * DESI_N_PIXELS / 77))
    )


def test_a_spectrum_names_its_axes_and_leaves_gaps_open() -> None:
    flux, ivar = np.ones(DESI_N_PIXELS), np.ones(DESI_N_PIXELS)
    ivar[3000:3400] = 0
    svg = spectrum_svg(flux, ivar, z=0.1)
    assert "observed wavelength (Å, vacuum)" in svg
    assert "flux (10⁻¹⁷ cgs/Å)" in svg
    curve = re.search(r'class="flux" d="([^"]*)"', svg)
    assert curve is not None
    assert curve.group(1).count("M") == 2


def test_lines_stand_where_the_redshift_puts_them() -> None:
    flux = ivar = np.ones(DESI_N_PIXELS)
    svg = spectrum_svg(flux, ivar, z=0.1)
    at = 46 + (6564.6 * 1.1 - 3600) / (9824 - 3600) * (460 - 46 - 8)
    assert f'x1="{at:.1f}"' in svg
    assert "Hα" in svg
    assert "Hα" not in spectrum_svg(flux, ivar, z=0.8)
    assert "Hα" not in spectrum_svg(flux, ivar)


def test_a_spectrum_without_measured_flux_is_marked() -> None:
    assert "no measured flux" in spectrum_svg(np.zeros(DESI_N_PIXELS), np.zeros(DESI_N_PIXELS))
