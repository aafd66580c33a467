"""Spectra of specutils: all kinds of uncertainties, masks and spectral axes, and several in one."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from astropy import nddata
from astropy import units as u

from galsearch.core.errors import InvalidSpectrumError
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM, vacuum_wavelengths
from galsearch.query.inputs.own_data.own_spectrum import read_own_spectrum
from galsearch.query.inputs.own_data.specutils_spectrum import is_specutils, spectrum_from_specutils

WAVE = np.linspace(3600.0, 9800.0, 3000)
FLUX = 3 + 5 * np.exp(-(((WAVE - 6000) / 10) ** 2) / 2)
UNIT = u.Unit("1e-17 erg / (s cm2 Angstrom)")
CGS = u.Unit("erg / (s cm2 Angstrom)")


@pytest.fixture(scope="module")
def specutils() -> Any:
    return pytest.importorskip("specutils")


@pytest.mark.parametrize(
    "uncertainty",
    [
        nddata.StdDevUncertainty(np.full(WAVE.size, 0.5)),
        nddata.StdDevUncertainty(np.full(WAVE.size, 0.5e-17) * CGS),
        nddata.VarianceUncertainty(np.full(WAVE.size, 0.25)),
        nddata.VarianceUncertainty(np.full(WAVE.size, 0.25e-34) * CGS**2),
        nddata.InverseVariance(np.full(WAVE.size, 4.0)),
        nddata.InverseVariance(np.full(WAVE.size, 4e34) * CGS**-2),
    ],
)
def test_every_kind_of_uncertainty_is_an_inverse_variance(specutils: Any, uncertainty: Any) -> None:
    given = specutils.Spectrum(flux=FLUX * UNIT, spectral_axis=WAVE * u.AA, uncertainty=uncertainty)
    found = spectrum_from_specutils(given, "the spectrum")
    np.testing.assert_allclose(found.spectrum.ivar, 4, rtol=1e-5)
    np.testing.assert_allclose(found.spectrum.flux, FLUX, rtol=1e-6)
    assert found.has_ivar
    assert found.notes == ()


@pytest.mark.parametrize("unit", ["nm", "um", "GHz", "eV"])
def test_spectral_axes_of_any_unit(specutils: Any, unit: str) -> None:
    axis = (WAVE * u.AA).to(unit, u.spectral())
    found = spectrum_from_specutils(
        specutils.Spectrum(flux=FLUX * UNIT, spectral_axis=axis), "the spectrum"
    )
    np.testing.assert_allclose(found.spectrum.wavelength_angstrom, WAVE, rtol=1e-12)
    np.testing.assert_allclose(found.spectrum.flux, FLUX, rtol=1e-6)


def test_a_flux_of_frequency_and_its_error_are_converted(specutils: Any) -> None:
    there = (np.stack([FLUX, np.full(WAVE.size, 0.5)]) * UNIT).to(
        u.Jy, u.spectral_density(WAVE * u.AA)
    )
    error = nddata.StdDevUncertainty(there[1].to(u.mJy))
    given = specutils.Spectrum(flux=there[0], spectral_axis=WAVE * u.AA, uncertainty=error)
    found = spectrum_from_specutils(given, "the spectrum").spectrum
    np.testing.assert_allclose(found.flux, FLUX, rtol=1e-5)
    np.testing.assert_allclose(found.ivar, 4, rtol=1e-4)


def test_masked_and_missing_pixels_are_masked(specutils: Any) -> None:
    flux, mask = FLUX.copy(), WAVE < 5000
    flux[-10:] = np.nan
    given = specutils.Spectrum(flux=flux * UNIT, spectral_axis=WAVE * u.AA, mask=mask)
    good = spectrum_from_specutils(given, "the spectrum").spectrum.good
    wanted = ~mask
    wanted[-10:] = False
    np.testing.assert_array_equal(good, wanted)


def test_velocities_need_a_rest_wavelength(specutils: Any) -> None:
    speed = np.linspace(-3e4, 3e4, WAVE.size) * u.km / u.s
    given = specutils.Spectrum(
        flux=FLUX * UNIT,
        spectral_axis=speed,
        rest_value=6000 * u.AA,
        velocity_convention="optical",
    )
    found = spectrum_from_specutils(given, "the spectrum").spectrum.wavelength_angstrom
    np.testing.assert_allclose(found, 6000 * (1 + speed.value / 299792.458), rtol=1e-9)
    bare = specutils.Spectrum(flux=FLUX * UNIT, spectral_axis=speed)
    with pytest.raises(InvalidSpectrumError) as caught:
        spectrum_from_specutils(bare, "the spectrum")
    message = str(caught.value)
    assert message.startswith(
        "the spectrum has velocities in km / s as its spectral axis, which are no wavelengths ("
    )
    assert message.endswith(
        "); expected a unit of length, or a rest wavelength and a velocity convention."
    )


def test_wavelengths_in_air_are_converted(specutils: Any) -> None:
    given = specutils.Spectrum(flux=FLUX * UNIT, spectral_axis=WAVE / 10 * u.nm)
    for air, peak in ((False, 6000.0), (True, float(vacuum_wavelengths(6000.0)))):
        own = read_own_spectrum(given, air=air)
        found = DESI_WAVELENGTH_ANGSTROM[np.argmax(own.spectrum.flux)]
        assert found == pytest.approx(peak, abs=0.7)


def test_the_only_spectrum_of_a_list_or_collection(specutils: Any) -> None:
    error = nddata.StdDevUncertainty(np.full(WAVE.size, 0.5))
    one = specutils.Spectrum(
        flux=FLUX * UNIT, spectral_axis=WAVE * u.AA, uncertainty=error, mask=WAVE < 5000
    )
    alone = read_own_spectrum(one).spectrum
    collection = specutils.SpectrumCollection.from_spectra([one])
    for given in (specutils.SpectrumList([one]), collection):
        np.testing.assert_array_equal(read_own_spectrum(given).spectrum.flux, alone.flux)
        np.testing.assert_array_equal(read_own_spectrum(given).spectrum.ivar, alone.ivar)
    with pytest.raises(InvalidSpectrumError) as caught:
        read_own_spectrum(specutils.SpectrumList([one, one]))
    assert str(caught.value) == (
        "the spectrum is a SpectrumList of 2 spectra; expected one of them, such as the first, [0]."
    )
    with pytest.raises(InvalidSpectrumError) as caught:
        read_own_spectrum(specutils.SpectrumCollection.from_spectra([one, one]))
    assert str(caught.value) == (
        "the spectrum holds flux of shape (2, 3000); expected one spectrum, of shape (n,)."
    )


@pytest.mark.filterwarnings("ignore:The Spectrum1D class is deprecated")
def test_the_old_name_of_the_class(specutils: Any) -> None:
    if not hasattr(specutils, "Spectrum1D"):
        pytest.skip("this version of specutils has no Spectrum1D")
    given = specutils.Spectrum1D(flux=FLUX * UNIT, spectral_axis=WAVE * u.AA)
    np.testing.assert_allclose(spectrum_from_specutils(given, "a").spectrum.flux, FLUX, rtol=1e-6)


def test_other_uncertainties_are_refused() -> None:
    given = SimpleNamespace(
        spectral_axis=WAVE * u.AA,
        flux=FLUX * u.Jy,
        uncertainty=nddata.UnknownUncertainty(np.ones(WAVE.size)),
    )
    with pytest.raises(InvalidSpectrumError) as caught:
        spectrum_from_specutils(given, "the spectrum")
    assert str(caught.value) == (
        "the spectrum has an uncertainty of type 'unknown'; expected std, var or ivar."
    )
    given.uncertainty = SimpleNamespace(uncertainty_type="var", array=np.ones(WAVE.size), unit=u.Jy)
    with pytest.raises(InvalidSpectrumError) as caught:
        spectrum_from_specutils(given, "the spectrum")
    assert str(caught.value) == (
        "the spectrum has an uncertainty of type 'var' in Jy; expected Jy2."
    )


def test_arrays_are_no_objects_of_specutils() -> None:
    assert not is_specutils([WAVE, FLUX])
    assert not is_specutils([])
    assert not is_specutils(FLUX)
