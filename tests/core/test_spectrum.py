"""A spectrum is always valid and never changes the arrays of its caller."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.errors import (
    InvalidSpectrumError,
)
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum, vacuum_wavelengths

floats = hnp.arrays(np.float64, (2, 5, 4), elements=st.floats(allow_nan=True, width=32))


@given(
    hnp.arrays(np.float64, 30, elements=st.floats(-1e3, 1e3) | st.just(np.nan)),
    hnp.arrays(np.float64, 30, elements=st.floats(0, 10)),
)
def test_a_spectrum_never_disagrees_with_itself(flux: np.ndarray, ivar: np.ndarray) -> None:
    before = flux.copy(), ivar.copy()
    spectrum = Spectrum(np.linspace(4000, 5000, 30), flux, ivar)
    np.testing.assert_array_equal(flux, before[0])
    np.testing.assert_array_equal(ivar, before[1])
    np.testing.assert_array_equal(spectrum.good, spectrum.ivar > 0)
    assert np.isfinite(spectrum.flux).all()
    assert not spectrum.flux[~spectrum.good].any()


def test_a_spectrum_on_the_desi_grid_stays_as_it_is() -> None:
    rng = np.random.default_rng(1)
    n = DESI_WAVELENGTH_ANGSTROM.size
    spectrum = Spectrum(DESI_WAVELENGTH_ANGSTROM + 5e-10, rng.normal(size=n), rng.random(n))
    again = spectrum.on_desi_grid()
    np.testing.assert_array_equal(again.flux, spectrum.flux)
    np.testing.assert_array_equal(again.ivar, spectrum.ivar)


@given(
    st.floats(0.2, 5), st.integers(2, 60), st.sets(st.integers(0, 59), max_size=20), st.integers(0)
)
def test_resampling_spreads_pixels_by_overlap(
    step: float, n: int, missing: set[int], seed: int
) -> None:
    """The slow, obvious version goes through all pairs of an old and a new pixel."""
    rng = np.random.default_rng(seed)
    wave = 4000 + step * np.arange(n)
    flux, ivar = rng.normal(size=n), rng.uniform(0.5, 2, n)
    ivar[[i for i in missing if i < n]] = 0
    if not ivar.any():
        return
    out = Spectrum(wave, flux, ivar).on_desi_grid()
    near = np.abs(DESI_WAVELENGTH_ANGSTROM - 4000) < 400
    for i in np.flatnonzero(near):
        low, high = DESI_WAVELENGTH_ANGSTROM[i] - 0.4, DESI_WAVELENGTH_ANGSTROM[i] + 0.4
        overlap = np.clip(
            np.minimum(high, wave + step / 2) - np.maximum(low, wave - step / 2), 0, None
        )
        weight = overlap / step * ivar
        covered = overlap[ivar > 0].sum() / 0.8
        if abs(covered - 0.5) < 1e-6:
            continue
        assert out.good[i] == (covered > 0.5)
        if covered > 0.5:
            assert out.ivar[i] == pytest.approx(weight.sum(), rel=1e-4)
            assert out.flux[i] == pytest.approx((weight * flux).sum() / weight.sum(), abs=1e-4)


def test_the_information_of_a_spectrum_is_kept_and_gaps_stay_gaps() -> None:
    wave = 3500 * np.exp(np.arange(4000) * 2.3e-4)
    wave = wave[(wave < 5000) | (wave > 5100)]
    spectrum = Spectrum(wave, np.full(wave.size, 3.0), np.full(wave.size, 2.0))
    out = spectrum.on_desi_grid()
    grid = DESI_WAVELENGTH_ANGSTROM
    np.testing.assert_array_equal(out.flux[out.good], np.float32(3))
    assert not out.good[(grid > 5002) & (grid < 5098)].any()
    assert out.good[(grid < 4998) | ((grid > 5102) & (grid < wave[-1] - 2))].all()
    inside = (wave > 3600) & (wave < 4990)
    kept = out.ivar[(grid > 3600) & (grid < 4990)].sum()
    assert kept == pytest.approx(spectrum.ivar[inside].sum(), rel=2e-3)


def test_air_wavelengths_become_those_in_vacuum() -> None:
    """Lines in air and in vacuum from the Atomic Spectra Database of NIST."""
    air = [4861.35, 5006.843, 6562.79]
    np.testing.assert_allclose(
        vacuum_wavelengths(air), [4862.708, 5008.240, 6564.60], rtol=0, atol=0.01
    )


@pytest.mark.parametrize(
    ("wave", "ivar", "message"),
    [
        (
            [4000.0, 3999.0],
            [1, 1],
            "wavelength must increase strictly; wavelength[1] = 3999.0 Angstrom follows 4000.0.",
        ),
        ([4000.0, 4001.0], [1, -1], "ivar is never negative, found -1.0 at 4001.0 Angstrom."),
        (
            [4000.0],
            [1, 1],
            "the arrays of a spectrum share one length, found wavelength (1,), flux (2,), "
            "ivar (2,), mask (2,).",
        ),
    ],
)
def test_an_invalid_spectrum_is_refused_with_the_reason(
    wave: list, ivar: list, message: str
) -> None:
    with pytest.raises(InvalidSpectrumError) as caught:
        Spectrum(wave, [1.0, 1.0], ivar)
    assert str(caught.value) == message
