"""Positions as people write them, and distances between them."""

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.query.inputs.sky.sky_position import parse_positions, separation_arcsec

EXPECTED = (
    "expected right ascension and declination, in degrees such as '150.1 2.2' or sexagesimal such "
    "as '10:00:24 -00:12:30'"
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("150.1 2.2", (150.1, 2.2)),
        ("150.1,-0.5", (150.1, -0.5)),
        ("-0.5 -0", (359.5, 0.0)),
        ("10:00:24 -00:12:30", (150.1, -12.5 / 60)),
        ("10 00 24 -00 00 36", (150.1, -0.01)),
        ("10h00m24s -0d12m30s", (150.1, -12.5 / 60)),
        ("150d06m00s +2d12m00s", (150.1, 2.2)),
        ("23:59:59.9 +89:59:59", (359.999583333, 89.999722222)),
        ((150.1, 2.2), (150.1, 2.2)),
        (np.array([150.1, 2.2]), (150.1, 2.2)),
        (("10:00:24", "-00:12:30"), (150.1, -12.5 / 60)),
        ("171.45217 -04:37:42.5", (171.45217, -4.628472222)),
        ((171.45217, "-04:37:42.5"), (171.45217, -4.628472222)),
        ("150.1 -0d12m30s", (150.1, -12.5 / 60)),
        ("171.45217 \u22124.62849", (171.45217, -4.62849)),
        ("10:00:24 \u221200:12:30", (150.1, -12.5 / 60)),
        ("23 59 59.9 -00 00 36", (359.999583333, -0.01)),
    ],
)
def test_one_position(given: Any, expected: tuple[float, float]) -> None:
    np.testing.assert_allclose(parse_positions(given), [expected], atol=1e-8)


def test_several_positions() -> None:
    from astropy.coordinates import SkyCoord

    expected = [[150.1, 2.2], [10.0, -5.0]]
    for several in (
        [(150.1, 2.2), (10, -5)],
        ["150.1 2.2", "10 -5"],
        np.array([[150.1, 2.2], [10, -5]]),
        SkyCoord([150.1, 10], [2.2, -5], unit="deg"),
    ):
        np.testing.assert_allclose(parse_positions(several), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (150.1, f"position is 150.1; {EXPECTED}."),
        ("150.1", f"position is '150.1'; {EXPECTED}."),
        (
            "10:00:24 -95:00:00",
            f"position is '10:00:24 -95:00:00'; {EXPECTED} ('-95:00:00' is not a declination).",
        ),
        (
            "10:61:24 5:00:00",
            f"position is '10:61:24 5:00:00'; {EXPECTED} ('10:61:24' is not a right ascension).",
        ),
        ((1, 2, 3), f"position is 1; {EXPECTED}."),
        ([], f"position is []; {EXPECTED}."),
        (
            "150:06:00 2:12:00",
            "position is '150:06:00 2:12:00', whose right ascension would be of 150 hours; "
            f"{EXPECTED}.",
        ),
        (
            "24 00 00 2 12 00",
            "position is '24 00 00 2 12 00', whose right ascension would be of 24 hours; "
            f"{EXPECTED}.",
        ),
        (
            "10 91",
            "position is RA 10, Dec 91 degrees; expected a right ascension of 0 .. 360 and a "
            "declination of -90 .. 90.",
        ),
        (
            (float("nan"), 2),
            "position is RA nan, Dec 2 degrees; expected a right ascension of 0 .. 360 and a "
            "declination of -90 .. 90.",
        ),
    ],
)
def test_what_is_no_position_is_refused(given: Any, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_positions(given)
    assert str(caught.value) == message


@given(
    st.tuples(st.integers(0, 23), st.integers(0, 59), st.floats(0, 59.99)),
    st.tuples(st.sampled_from(["", "+", "-"]), st.integers(0, 89), st.integers(0, 59)),
    st.sampled_from(["{}:{}:{:.4f}", "{:02}:{:02}:{:07.4f}", "{} {} {:.4f}", "{}h{}m{:.4f}s"]),
    st.sampled_from([" ", ", "]),
)
def test_sexagesimal_positions_are_those_of_astropy(
    ra: tuple[int, int, float], dec: tuple[str, int, int], style: str, between: str
) -> None:
    from astropy.coordinates import SkyCoord

    first = style.format(*ra)
    second = dec[0] + style.replace("h", "d").format(*dec[1:], ra[2])
    expected = SkyCoord(first, second, unit=("hourangle", "deg"))
    found = parse_positions(f"{first}{between}{second}")
    np.testing.assert_allclose(found, [[expected.ra.deg, expected.dec.deg]], rtol=0, atol=1e-12)


def test_plain_sexagesimal_positions_need_no_astropy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "astropy.coordinates", None)
    for text in ("10:00:24 -00:12:30", "10 00 24 -00 12 30", "10h00m24s, -0d12m30s"):
        np.testing.assert_allclose(parse_positions(text), [[150.1, -12.5 / 60]], atol=1e-9)


@given(st.floats(0, 360), st.floats(-89.9, 89.9), st.floats(0, 360), st.floats(1e-7, 3600 * 5))
def test_a_distance_is_that_of_astropy(ra: float, dec: float, angle: float, arcsec: float) -> None:
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    here = SkyCoord(ra * u.deg, dec * u.deg)
    there = here.directional_offset_by(angle * u.deg, arcsec * u.arcsec)
    found = separation_arcsec(ra, dec, there.ra.deg, there.dec.deg)
    assert float(found) == pytest.approx(arcsec, rel=1e-6, abs=2e-6)
