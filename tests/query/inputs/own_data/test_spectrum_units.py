"""Columns of any unit of wavelength and flux density become those of a Spectrum."""

import numpy as np
import pytest
from astropy import units as u

from galsearch.core.errors import SourceError
from galsearch.query.inputs.own_data.spectrum_units import FLUX_UNIT, spectrum_from_columns

WAVE = np.linspace(4000.0, 9000.0, 50)
COLUMNS = {"wavelength": WAVE, "flux": np.full(50, 3.0), "error": np.full(50, 0.5)}


def test_errors_become_inverse_variances() -> None:
    for name, value in {"error": 0.5, "variance": 0.25, "ivar": 4.0}.items():
        columns = {"wavelength": WAVE, "flux": np.full(50, 3.0), name: np.full(50, value)}
        found = spectrum_from_columns(
            columns, {"wavelength": "Angstrom", "flux": FLUX_UNIT}, "a.csv"
        )
        np.testing.assert_allclose(found.spectrum.ivar, 4)
        assert found.notes == ()


@pytest.mark.parametrize(
    "unit", ["Jy", "nJy", "W / (m2 um)", "erg / (s cm2 Hz)", "photon / (s cm2 AA)"]
)
def test_flux_densities_are_converted_with_their_errors(unit: str) -> None:
    wanted = u.Unit(FLUX_UNIT)
    there = (np.full(50, 3.0) * wanted).to_value(u.Unit(unit), u.spectral_density(WAVE * u.AA))
    columns = {"wavelength": WAVE / 1e4, "flux": there, "error": there / 6}
    found = spectrum_from_columns(columns, {"wavelength": "um", "flux": unit}, "a.csv")
    np.testing.assert_allclose(found.spectrum.wavelength_angstrom, WAVE)
    np.testing.assert_allclose(found.spectrum.flux, 3, rtol=1e-5)
    np.testing.assert_allclose(found.spectrum.ivar, 4, rtol=1e-4)
    assert found.notes == (f"a.csv has flux in {unit}; it was converted to {FLUX_UNIT}.",)


def test_frequencies_are_sorted_by_wavelength() -> None:
    hertz = (WAVE * u.AA).to_value(u.Hz, u.spectral())
    columns = {**COLUMNS, "wavelength": hertz, "flux": np.arange(50.0)}
    found = spectrum_from_columns(columns, {"wavelength": "Hz", "flux": FLUX_UNIT}, "a.csv")
    np.testing.assert_allclose(found.spectrum.wavelength_angstrom, WAVE)
    np.testing.assert_allclose(found.spectrum.flux, np.arange(50.0))


def test_missing_units_are_assumed_and_counts_are_not_calibrated() -> None:
    found = spectrum_from_columns(COLUMNS, {}, "a.csv")
    assert found.notes == (
        "a.csv states no unit of wavelength; Angstrom is assumed.",
        "a.csv states no unit of flux; 1e-17 erg / (s cm2 Angstrom) is assumed.",
    )
    counts = spectrum_from_columns(COLUMNS, {"wavelength": "Angstrom", "flux": "adu"}, "a.csv")
    assert not counts.calibrated
    assert counts.notes == (
        "a.csv has flux in 'adu', which is no flux density: the embedding ignores its brightness.",
    )


@pytest.mark.parametrize(
    ("units", "message"),
    [
        (
            {"wavelength": "kg"},
            "a.csv: the wavelength is in 'kg'; expected a unit of length, such as Angstrom or nm.",
        ),
        (
            {"flux": "mag"},
            "a.csv: the flux is in 'mag'; expected a flux density, such as 1e-17 erg / (s cm2 "
            "Angstrom) or Jy.",
        ),
        ({"flux": "furlong"}, "a.csv: 'furlong', the unit of flux, is unknown."),
    ],
)
def test_wrong_units_are_refused(units: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        spectrum_from_columns(COLUMNS, units, "a.csv")
    assert str(caught.value) == message
