"""The parameters of Simple Cone Search 1.03."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from galsearch.core.errors import QueryError


class ConeRequest(NamedTuple):
    """A cone on the sky, and how much of its galaxies is wanted."""

    ra_deg: float
    dec_deg: float
    radius_deg: float
    """0 for the columns without rows."""
    verbosity: int
    """1 for the few columns that every service has, 2 for some more, 3 for all."""
    most: int | None
    """Number of rows; None for as many as the service gives."""


def cone_request(parameters: Mapping[str, str]) -> ConeRequest:
    """The request of the parameters RA, DEC, SR, VERB and MAXREC, in upper or lower case.

    Raises
    ------
    QueryError
        Where one is missing or none that the protocol allows.

    Examples
    --------
    >>> cone_request({"RA": "150", "DEC": "2", "sr": "0.1"})
    ConeRequest(ra_deg=150.0, dec_deg=2.0, radius_deg=0.1, verbosity=2, most=None)
    """
    given = {name.upper(): value for name, value in parameters.items()}
    ra_deg, dec_deg = _number(given, "RA", -360, 360), _number(given, "DEC", -90, 90)
    radius_deg = _number(given, "SR", 0, 180)
    verbosity = given.get("VERB", "2")
    if verbosity not in ("1", "2", "3"):
        raise QueryError(f"VERB is {verbosity[:40]!r}; expected 1, 2 or 3.")
    most = given.get("MAXREC")
    if most is not None and not (most.isascii() and most.isdigit() and len(most) < 12):
        raise QueryError(f"MAXREC is {most[:40]!r}; expected a whole number, 0 or more.")
    return ConeRequest(
        ra_deg % 360, dec_deg, radius_deg, int(verbosity), None if most is None else int(most)
    )


def _number(given: Mapping[str, str], name: str, low: float, high: float) -> float:
    text = given.get(name)
    if text is None:
        raise QueryError(f"{name} is missing; expected a number of {low} to {high} degrees.")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise QueryError(f"{name} is {text[:40]!r}; expected a number of {low} to {high} degrees.")
    return value
