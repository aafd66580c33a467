"""Units are parsed as astropy parses them, and none keeps the parser busy."""

import warnings

import pytest
from astropy.units import Unit
from hypothesis import given
from hypothesis import strategies as st

from galsearch.sources.fits.unit_text import check_unit_text, parse_unit


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        ("10**-17 erg/(s cm2 Angstrom)", "fits"),
        ("10**+34 (s2 cm4 Angstrom2) / erg2", "fits"),
        ("1e-17 erg / (Angstrom cm2 s)", None),
        ("0.2625 arcsec", None),
        ("1000000 K", None),
        ("km.s**-1", "vounit"),
        ("mag(AB)", None),
    ],
)
def test_units_of_files_are_those_of_astropy(text: str, notation: str | None) -> None:
    assert parse_unit(text, notation) == Unit(text, format=notation)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10**2147483648 Jy", "'10**2147483648 Jy' has numbers that no unit has."),
        ("10**(+99999) m", "'10**(+99999) m' has numbers that no unit has."),
        ("10^999 m", "'10^999 m' has numbers that no unit has."),
        ("10+99999999m", "'10+99999999m' has numbers that no unit has."),
        ("10(-99999999)m", "'10(-99999999)m' has numbers that no unit has."),
        ("1e9999 m", "'1e9999 m' has numbers that no unit has."),
        ("m" * 201, f"'{'m' * 40}'... is longer or has more brackets than a unit."),
        ("(" * 11 + "m" + ")" * 11, "'(((((((((((m)))))))))))'... is longer or has more brackets "
         "than a unit."),
        ("furlong per fortnight", "'furlong per fortnight' is no unit (ValueError)."),
    ],
)  # fmt: skip
def test_other_texts_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="unit") as caught:
        parse_unit(text)
    assert str(caught.value) == reason


PIECES = "10 ** ^ ( ) / . * m Jy erg mag - + 2 99 999 99999 2147483648 1e e5 sqrt log 1/2 3.5 ,"


@given(st.lists(st.sampled_from([*PIECES.split(), " "]), max_size=9).map("".join))
def test_any_text_is_a_unit_or_a_value_error(text: str) -> None:
    """Texts that pass the check are parsed at once, and raise no other exception."""
    try:
        check_unit_text(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parse_unit(text)
    except ValueError:
        pass
