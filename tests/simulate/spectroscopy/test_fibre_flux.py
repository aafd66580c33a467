"""Noiseless spectra in the fibre."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.simulate.sed.galaxy_sed import GalaxySED, galaxy_seds
from galsearch.simulate.sed.stellar_grid import StellarLibrary
from galsearch.simulate.spectroscopy.arm_grid import ARMS
from galsearch.simulate.spectroscopy.fibre_flux import _add_lines, fibre_spectrum
from galsearch.simulate.survey.colour_matching import draw_matched_galaxy

pytest.importorskip("galsim", reason="needs the extra sim")


@pytest.fixture(scope="module")
def sed(library: StellarLibrary) -> GalaxySED:
    return galaxy_seds(
        [draw_matched_galaxy(library, np.random.default_rng(5))], library, ebv=[0.02]
    )[0]


@given(wavelength=st.floats(3650, 9780), sigma=st.floats(20, 250))
def test_lines_keep_their_flux(wavelength: float, sigma: float) -> None:
    flux = np.zeros(DESI_WAVELENGTH_ANGSTROM.size)
    _add_lines(flux, 3600.0, np.array([wavelength]), np.array([3.0]), sigma, 0.75)
    assert flux.sum() * 0.8 == pytest.approx(3.0, rel=2e-3)


def test_the_fibre_spectrum_is_the_sum_of_its_parts(sed: GalaxySED) -> None:
    widths = {"sigma_bulge_km_s": 150.0, "sigma_disk_km_s": 90.0}
    parts = [fibre_spectrum(sed, row, **widths) for row in np.eye(4)]
    whole = fibre_spectrum(sed, np.ones(4), **widths)
    for arm in ARMS:
        total = sum(part[arm] for part in parts)
        np.testing.assert_allclose(whole[arm], total, rtol=1e-4, atol=1e-4 * total.max())
