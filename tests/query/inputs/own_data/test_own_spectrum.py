"""Spectra of one's own are brought to the grid of DESI, with notes on what differs."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from astropy import units as u

from galsearch.core.errors import InvalidSpectrumError, QueryError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, Spectrum, vacuum_wavelengths
from galsearch.query.inputs.own_data.own_spectrum import read_own_spectrum

GRID = DESI_WAVELENGTH_ANGSTROM
UNIT = u.Unit("1e-17 erg / (s cm2 Angstrom)")


def line(wavelength: np.ndarray, centre: float = 6000.0) -> np.ndarray:
    return np.asarray(3 + 5 * np.exp(-(((wavelength - centre) / 10) ** 2) / 2))


def test_all_forms_of_one_spectrum_are_the_same() -> None:
    flux, ivar = line(GRID), np.full(GRID.size, 4.0)
    specutils = SimpleNamespace(
        spectral_axis=GRID / 10 * u.nm,
        flux=flux * UNIT,
        uncertainty=SimpleNamespace(uncertainty_type="std", array=np.full(GRID.size, 0.5)),
        mask=None,
    )
    for given in (
        Spectrum(GRID, flux, ivar),
        (GRID, flux, ivar),
        np.stack([GRID, flux, ivar]),
        specutils,
    ):
        own = read_own_spectrum(given)
        np.testing.assert_allclose(own.spectrum.flux, flux, rtol=1e-5)
        np.testing.assert_allclose(own.spectrum.ivar, 4, rtol=1e-5)
        assert (own.notes, own.has_ivar, own.calibrated) == ((), True, True)
    alone = read_own_spectrum(flux)
    np.testing.assert_allclose(alone.spectrum.flux, flux, rtol=1e-5)
    assert not alone.has_ivar
    assert alone.notes == (
        "the spectrum states no errors; they are estimated from the scatter of pixels.",
    )


def test_wavelengths_in_air_are_converted() -> None:
    air = np.arange(3700.0, 9500.0, 0.5)
    own = read_own_spectrum((air, line(air), np.ones(air.size)), air=True)
    peak = GRID[np.argmax(own.spectrum.flux)]
    assert peak == pytest.approx(float(vacuum_wavelengths(6000.0)), abs=0.5)
    assert own.notes == ("the spectrum has wavelengths in air; they were converted to vacuum.",)


def test_a_short_spectrum_is_noted_and_one_elsewhere_refused() -> None:
    wave = np.arange(5000.0, 6000.0)
    own = read_own_spectrum((wave, line(wave), np.ones(wave.size)))
    assert own.notes == (
        "the spectrum covers 16 per cent of 3600 to 9824 Angstrom, the range of the spectra that "
        "the encoder was trained on.",
    )
    with pytest.raises(InvalidSpectrumError) as caught:
        read_own_spectrum((wave * 10, line(wave)))
    assert str(caught.value) == (
        "the spectrum has 1000 pixels of 50000.0 to 59990.0 Angstrom; expected measurements "
        "between 3600 and 9824."
    )
    with pytest.raises(InvalidSpectrumError) as caught:
        read_own_spectrum((wave, line(wave), np.zeros(wave.size)))
    assert str(caught.value) == (
        "the spectrum has 1000 pixels of 5000.0 to 5999.0 Angstrom, none of them measured; "
        "expected measurements between 3600 and 9824."
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            np.ones((7, 5)),
            "the spectrum is an array of shape (7, 5); expected wavelength, flux and, if known, "
            "inverse variance, each of shape (n,), or 7781 values of flux on the DESI grid.",
        ),
        (
            3,
            "the spectrum is a int; expected wavelength, flux and, if known, inverse variance, "
            "each of shape (n,), or 7781 values of flux on the DESI grid.",
        ),
        (
            ([4000.0, 4001.0], [1.0]),
            "the spectrum has columns of different lengths: wavelength 2, flux 1.",
        ),
        (
            ([4000.0, 4000.0], [1.0, 2.0]),
            "the spectrum: wavelength must increase strictly; wavelength[1] = 4000.0 Angstrom "
            "follows 4000.0.",
        ),
    ],
)
def test_a_wrong_spectrum_is_refused(given: Any, message: str) -> None:
    with pytest.raises(InvalidSpectrumError) as caught:
        read_own_spectrum(given)
    assert str(caught.value) == message


def test_a_target_of_arrays_is_refused() -> None:
    with pytest.raises(QueryError) as caught:
        read_own_spectrum(line(GRID), target_id=5)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "the spectrum names no galaxy; a TARGETID selects one of a DESI file."
    )


@pytest.mark.parametrize(
    ("factor", "median", "unit"),
    [
        (
            1e-17,
            "3e-17",
            "its values seem to be in erg / (s cm2 Angstrom), and the unit has a factor of 1e-17 "
            "too many.",
        ),
        (
            1e17,
            "3e+17",
            "its values seem to be in 1e-17 erg / (s cm2 Angstrom), and the unit lacks the factor.",
        ),
        (1e-30, "3e-30", "its unit of flux is another one."),
    ],
)
def test_a_flux_in_another_unit_is_refused(factor: float, median: str, unit: str) -> None:
    with pytest.raises(InvalidSpectrumError) as caught:
        read_own_spectrum(factor * line(GRID))
    assert str(caught.value) == (
        f"the spectrum has a median flux of {median} x 1e-17 erg / (s cm2 Angstrom); galaxies have "
        f"0.1 to 1000: {unit}"
    )


def test_a_flux_that_is_unlikely_is_noted_and_one_of_zeros_refused() -> None:
    ivar = np.ones(GRID.size)
    for factor, median in ((1e-4, "0.0003"), (1e6, "3e+06")):
        own = read_own_spectrum((GRID, factor * line(GRID), ivar))
        assert own.notes == (
            f"the spectrum has a median flux of {median} x 1e-17 erg / (s cm2 Angstrom); galaxies "
            "have 0.1 to 1000: its unit of flux is perhaps another one.",
        )
    with pytest.raises(InvalidSpectrumError) as caught:
        read_own_spectrum((GRID, 0 * GRID, ivar))
    assert str(caught.value) == "the spectrum has a flux of 0 in every measured pixel."


def test_pixels_of_zero_do_not_lower_the_level() -> None:
    flux = np.where(np.arange(GRID.size) % 3 == 0, line(GRID), 0)
    assert read_own_spectrum((GRID, flux, np.ones(GRID.size))).notes == ()


def test_the_level_of_counts_is_not_judged() -> None:
    counts = SimpleNamespace(spectral_axis=GRID * u.AA, flux=1e-17 * line(GRID) * u.adu)
    assert len(read_own_spectrum(counts).notes) == 2
