"""Units that a header states are converted or refused."""

import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.units import unit_factor

FLUX = "10**-17 erg/(s cm2 Angstrom)"


def header_with(unit: str) -> Header:
    return Header(f"BUNIT   = '{unit}'".ljust(80), where="a.fits")


@pytest.mark.parametrize(
    ("unit", "expected", "factor"),
    [
        ("", FLUX, 1.0),
        (FLUX, FLUX, 1.0),
        ("1e-17 erg / (s cm2 Angstrom)", FLUX, 1.0),
        ("1e-17 erg/s/cm2/A", FLUX, 1.0),
        ("erg/(s cm2 Angstrom)", FLUX, 1e17),
        ("um", "Angstrom", 1e4),
        ("angstrom", "Angstrom", 1.0),
    ],
)
def test_units_are_converted(unit: str, expected: str, factor: float) -> None:
    assert unit_factor(header_with(unit), expected, where="t") == pytest.approx(factor, rel=1e-12)


@pytest.mark.parametrize("unit", ["Jy", "furlong", "((", "m", "10**2147483648 Jy"])
def test_other_units_are_refused(unit: str) -> None:
    with pytest.raises(SourceError) as caught:
        unit_factor(header_with(unit), FLUX, where="t")
    assert str(caught.value) == f"t: BUNIT is {unit!r}; expected {FLUX}."
