"""Units of images are converted to nanomaggies or refused by name."""

import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.legacy_surveys.image_units import nanomaggies_per_unit


def factor(unit: str) -> float:
    return nanomaggies_per_unit(
        Header(f"BUNIT   = '{unit}'".ljust(80), where="a.fits"), where="a.fits"
    )


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("", 1.0),
        ("nanomaggy", 1.0),
        ("Nanomaggies per pixel", 1.0),
        ("nanomaggy/pix", 1.0),
        ("maggies", 1e9),
        ("Jy", 1e6 / 3.631),
        ("nJy/pixel", 1e-3 / 3.631),
        ("1e-29 erg/(s cm2 Hz)", 1 / 3.631),
    ],
)
def test_units_of_flux_are_converted(unit: str, expected: float) -> None:
    assert factor(unit) == pytest.approx(expected, rel=1e-12)


def test_an_image_without_a_unit_is_in_nanomaggies() -> None:
    assert nanomaggies_per_unit(Header("", where="a.fits"), where="a.fits") == 1.0


@pytest.mark.parametrize("unit", ["adu", "count/s", "electron", "mag", "MJy/sr", "???", "1e"])
def test_other_units_are_refused(unit: str) -> None:
    with pytest.raises(SourceError) as caught:
        factor(unit)
    assert str(caught.value) == (
        f"a.fits: the unit of the image is {unit!r} (card BUNIT), which cannot be converted to "
        "nanomaggies per pixel."
    )
