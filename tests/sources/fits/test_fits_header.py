"""Cards are read as astropy reads them; a damaged one is an error only if it is needed."""

import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header

printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


def header_of(*cards: str) -> Header:
    return Header("".join(card.ljust(80) for card in cards), where="a.fits")


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Z0-9_]{0,6}", fullmatch=True).filter(lambda k: k != "END"),
        st.booleans()
        | st.integers(-(2**63), 2**63)
        | st.floats(allow_nan=False, allow_infinity=False, width=32)
        | printable,
        max_size=4,
    )
)
def test_every_card_that_astropy_writes_is_read_as_astropy_reads_it(
    cards: dict[str, bool | int | float | str],
) -> None:
    written = fits.Header()
    for keyword, value in cards.items():
        if len(str(value).replace("'", "''")) <= 68:  # longer text needs CONTINUE
            written[keyword] = (value, "a comment / of words")
    reread = fits.Header.fromstring(written.tostring())
    header = Header(written.tostring(), where="a.fits")
    for keyword in written:
        assert header.get(keyword) == reread[keyword]
        assert type(header.get(keyword)) is type(reread[keyword])


def test_fortran_exponents_are_read_and_the_first_of_repeated_cards_is_used() -> None:
    header = header_of("A       = 1.5D3", "A       = 2", "COMMENT = 3", "B         4")
    assert header.get("A") == 1500.0
    assert "B" not in header
    assert list(header.keywords()) == ["A", "COMMENT"]


def test_a_damaged_card_is_quoted_where_it_is_needed() -> None:
    header = header_of("NAXIS   =                   x2 / axes", "BITPIX  = 8")
    assert header.count("BITPIX") == 8
    with pytest.raises(SourceError) as caught:
        header.count("NAXIS")
    assert str(caught.value) == "a.fits: card NAXIS is damaged: 'x2 / axes'."


@pytest.mark.parametrize(
    ("lengths", "reason"),
    [
        ((0, 2**64), "card NAXIS2 is 18446744073709551616; expected at most 281,474,976,710,656."),
        ((0, 2**40, 2**40), f"the axes ({2**40}, {2**40}, 0) have more than 281,474,976,710,656 "
         "values."),
    ],
)  # fmt: skip
def test_axes_beyond_any_file_are_refused(lengths: tuple[int, ...], reason: str) -> None:
    cards = [f"NAXIS{n}  = {length}" for n, length in enumerate(lengths, start=1)]
    header = header_of(f"NAXIS   = {len(lengths)}", *cards)
    with pytest.raises(SourceError) as caught:
        header.shape("NAXIS")
    assert str(caught.value) == f"a.fits: {reason}"


def test_a_card_of_another_type_is_refused() -> None:
    header = header_of("NAXIS   = 'two'", "BZERO   = T", "BITPIX  = 12")
    cases = {
        "a.fits: card NAXIS is 'two'; expected 0 or more.": lambda: header.count("NAXIS"),
        "a.fits: card PCOUNT is missing; expected 0 or more.": lambda: header.count("PCOUNT"),
        "a.fits: card BZERO is True; expected a number.": lambda: header.number("BZERO", 0),
        "a.fits: card BITPIX is 12; expected one of 8, 16.": lambda: header.choice(
            "BITPIX", (8, 16)
        ),
        "a.fits: card ZCMPTYPE is missing; expected one of RICE_1.": lambda: header.choice(
            "ZCMPTYPE", ("RICE_1",)
        ),
    }
    for message, request in cases.items():
        with pytest.raises(SourceError) as caught:
            request()
        assert str(caught.value) == message


def test_cards_of_other_programs_are_read() -> None:
    header = header_of(
        "CD1_1   = -7.27e-05",
        "CD2_2   =7.27d-05 / no blank",
        "SEEING =1.5",
        "SURVEY  =                    / undefined",
        "OBSERVER= 'M. Mu\xf1oz'",
        "ANGSTROM= '\xc3\x85'",
        "CRVAL1  = '150.25  '",
        "PROGRAM = main / unquoted",
    )
    numbers = [header.number(key, 0.0) for key in ("CD1_1", "CD2_2", "SEEING", "CRVAL1", "SURVEY")]
    assert numbers == [-7.27e-05, 7.27e-05, 1.5, 150.25, 0.0]
    assert header.get("SURVEY") is None
    assert header.label("SURVEY", "unknown") == "unknown"
    texts = [header.label(key) for key in ("OBSERVER", "ANGSTROM", "PROGRAM")]
    assert texts == ["M. Mu\xf1oz", "\xc5", "main"]


def test_a_number_that_is_not_finite_is_refused_where_it_is_needed() -> None:
    header = header_of("AIRMASS = NaN", "BSCALE  = 1E999")
    for key, found in (("AIRMASS", "damaged: 'NaN'"), ("BSCALE", "inf; expected a number")):
        with pytest.raises(SourceError) as caught:
            header.number(key, 1.0)
        assert str(caught.value) == f"a.fits: card {key} is {found}."
