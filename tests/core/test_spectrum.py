"""A spectrum is always valid and never changes the arrays of its caller."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.errors import (
    InvalidSpectrumError,
)
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum

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


def test_regridding_a_spectrum_masks_gaps_and_wavelengths_that_it_does_not_cover() -> None:
    wave = np.arange(4000.0, 4100.0, 1.0)
    ivar = np.ones(wave.size)
    ivar[50] = 0
    out = Spectrum(wave, wave, ivar).on_desi_grid()
    grid = DESI_WAVELENGTH_ANGSTROM
    inside = (grid >= 4000) & (grid <= 4099.0001)
    near_gap = np.abs(grid - 4050) < 0.9999
    np.testing.assert_array_equal(out.good, inside & ~near_gap)
    np.testing.assert_allclose(out.flux[out.good], grid[out.good], rtol=1e-6)


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
