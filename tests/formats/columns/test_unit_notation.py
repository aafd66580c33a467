"""Units are written in each notation without a warning, or left out."""

import warnings

import pytest
from astropy.units import Unit

from galsearch.formats.columns.unit_notation import parse_unit, unit_text


@pytest.mark.parametrize("text", ["deg", "km / s", "Angstrom", "1e-17 erg / (s cm2 Angstrom)"])
@pytest.mark.parametrize("notation", ["fits", "vounit"])
def test_a_unit_is_read_back_without_a_warning(text: str, notation: str) -> None:
    found = unit_text(text, notation)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Unit(found, format=notation).to(parse_unit(text)) == pytest.approx(1)


@pytest.mark.parametrize("text", ["", " ", "parsnip", "m//", "\x00", "nanomaggy squared"])
def test_what_is_no_unit_is_left_out(text: str) -> None:
    assert parse_unit(text) is None
    assert unit_text(text, "fits") == unit_text(text, "vounit") == ""
