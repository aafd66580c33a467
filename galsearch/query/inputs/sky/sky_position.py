"""Positions on the sky as people write them: degrees, sexagesimal, or a designation."""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import QueryError

PositionInput: TypeAlias = str | tuple[float, float] | Sequence[Any] | npt.NDArray[Any] | Any
"""One position or several: "RA Dec" as text, a pair of numbers in degrees, a SkyCoord."""
_EXPECTED = (
    "expected right ascension and declination, in degrees such as '150.1 2.2' or sexagesimal such "
    "as '10:00:24 -00:12:30'"
)
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_DEGREES = re.compile(rf"\s*({_NUMBER})\s*[\s,]\s*({_NUMBER})\s*")
_MINUTES, _SECONDS = "([0-5]?[0-9])", r"([0-5]?[0-9](?:\.[0-9]*)?)"
_SEXAGESIMAL = [
    re.compile(
        rf"\s*\+?([01]?[0-9]|2[0-3]){hour}{_MINUTES}{minute}{_SECONDS}{second}\s*[\s,]\s*"
        rf"([+-]?)([0-8]?[0-9]){degree}{_MINUTES}{minute}{_SECONDS}{second}\s*"
    )
    for hour, degree, minute, second in (
        (":", ":", ":", ""),
        (r"\s+", r"\s+", r"\s+", ""),
        ("h", "d", "m", "s"),
    )
]
"""Positions in hours and degrees that need not astropy, which takes milliseconds for each."""
_UNREAD = re.compile(r'Cannot parse first argument data "(.*)" for attribute (ra|dec)')
"""Words with which astropy refuses a part of a position that it cannot read."""


def parse_positions(given: PositionInput) -> Float64Array:
    """(n, 2) right ascension and declination in degrees of one position or several.

    Parameters
    ----------
    given
        A text such as "150.1 2.2", "10:00:24 -00:12:30" or "10h00m24s -0d12m30s", a pair of numbers
        in degrees, an astropy SkyCoord, or a sequence or (n, 2) array of positions. Sexagesimal
        right ascensions are in hours unless they say d; decimal ones are in degrees, also beside a
        sexagesimal declination.

    Raises
    ------
    QueryError
        Where something else is given, or a declination is beyond 90 degrees.

    Examples
    --------
    >>> parse_positions("10:00:24 -00:12:30").round(5)
    array([[150.1    ,  -0.20833]])
    >>> parse_positions([(150.1, 2.2), (-0.5, 0)])
    array([[150.1,   2.2],
           [359.5,   0. ]])
    """
    pairs = np.array([_position(one) for one in _several(given)], np.float64).reshape(-1, 2)
    bad = ~(np.isfinite(pairs).all(axis=1) & (np.abs(pairs[:, 1]) <= 90))
    bad |= np.abs(pairs[:, 0]) > 360
    if bad.any():
        ra_deg, dec_deg = pairs[bad][0]
        raise QueryError(
            f"position is RA {ra_deg:g}, Dec {dec_deg:g} degrees; expected a right ascension of "
            "0 .. 360 and a declination of -90 .. 90."
        )
    pairs[:, 0] %= 360.0
    pairs.flags.writeable = False
    return pairs


def separation_arcsec(
    ra_deg: npt.ArrayLike,
    dec_deg: npt.ArrayLike,
    to_ra_deg: npt.ArrayLike,
    to_dec_deg: npt.ArrayLike,
) -> Float64Array:
    """Distance on the sky in arcseconds between positions in degrees, which are broadcast.

    Examples
    --------
    >>> separation_arcsec([359.9995, 0.0], [0.0, 89.999], 0.0005, [0.0, 90.0]).round(6)
    array([3.6, 3.6])
    """
    half = np.arcsin(np.sqrt(haversine(ra_deg, dec_deg, to_ra_deg, to_dec_deg)))
    return np.asarray(np.rad2deg(2 * half) * 3600.0)


def haversine(
    ra_deg: npt.ArrayLike,
    dec_deg: npt.ArrayLike,
    to_ra_deg: npt.ArrayLike,
    to_dec_deg: npt.ArrayLike,
) -> Float64Array:
    """The squared sine of half the distance between positions in degrees, exact at any distance."""
    ra, dec, to_ra, to_dec = (
        np.asarray(values, np.float64) for values in (ra_deg, dec_deg, to_ra_deg, to_dec_deg)
    )
    with np.errstate(invalid="ignore"):  # an infinite position has no distance
        sin_ra, sin_dec = np.sin(np.radians(ra - to_ra) / 2), np.sin(np.radians(dec - to_dec) / 2)
        cos_dec = np.cos(np.radians(dec)) * np.cos(np.radians(to_dec))
        return np.asarray(np.minimum(sin_dec**2 + cos_dec * sin_ra**2, 1.0))


def _several(given: PositionInput) -> list[Any]:
    if hasattr(given, "icrs"):
        coordinates = np.atleast_1d(given)
        return [(one.icrs.ra.deg, one.icrs.dec.deg) for one in coordinates]
    if isinstance(given, str):
        return [given]
    if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, bytes) or not len(given):
        raise QueryError(f"position is {given!r}; {_EXPECTED}.")
    is_pair = len(given) == 2 and all(np.ndim(value) == 0 for value in given)
    if is_pair and not all(isinstance(value, str) and _has_two_parts(value) for value in given):
        return [tuple(given)]
    return list(given)


def _has_two_parts(text: str) -> bool:
    return len(re.split(r"[\s,]+", text.strip())) > 1


def _position(one: Any) -> tuple[float, float]:
    if isinstance(one, str):
        return _parsed(one)
    try:
        ra_deg, dec_deg = one
        if isinstance(ra_deg, str) or isinstance(dec_deg, str):
            return _parsed(f"{ra_deg} {dec_deg}")
        return float(ra_deg), float(dec_deg)
    except (TypeError, ValueError, OverflowError):
        raise QueryError(f"position is {one!r}; {_EXPECTED}.") from None


def _parsed(text: str) -> tuple[float, float]:
    """Degrees of a position that is written as text."""
    text = text.replace("\u2212", "-")  # the minus sign of printed papers
    if found := _DEGREES.fullmatch(text):
        return float(found[1]), float(found[2])
    if found := next(filter(None, (style.fullmatch(text) for style in _SEXAGESIMAL)), None):
        hour, minute, second = map(float, found.group(1, 2, 3))
        degrees, arcmin, arcsec = map(float, found.group(5, 6, 7))
        dec_deg = degrees + arcmin / 60 + arcsec / 3600
        return 15 * (hour + minute / 60 + second / 3600), -dec_deg if found[4] == "-" else dec_deg
    # Imported here: astropy takes longer to import than a query needs, and most are in degrees.
    from astropy.coordinates import Angle, SkyCoord

    parts = text.replace(",", " ").split()
    hours = re.match(r"[+-]?[0-9.]+(?![0-9.]*(?:d|\u00b0))", parts[0]) if parts else None
    is_decimal = len(parts) == 2 and re.fullmatch(_NUMBER, parts[0])
    if (
        len(parts) > 1
        and hours
        and not is_decimal
        and re.fullmatch(_NUMBER, hours[0])
        and float(hours[0]) >= 24
    ):
        raise QueryError(
            f"position is {text!r}, whose right ascension would be of {float(hours[0]):g} hours; "
            f"{_EXPECTED}."
        )
    try:
        if is_decimal:
            return float(parts[0]), float(Angle(parts[1], "deg").deg)
        position = SkyCoord(" ".join(parts), unit=("hourangle", "deg"))
        return float(position.ra.deg), float(position.dec.deg)
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        unread = _UNREAD.match(str(error))
        axis = unread and {"ra": "right ascension", "dec": "declination"}[unread[2]]
        is_short = unread and 0 < len(unread[1]) < 50
        shown = f" ({unread[1]!r} is not a {axis})" if unread and is_short else ""
        raise QueryError(f"position is {text!r}; {_EXPECTED}{shown}.") from None
