"""Checks of single arguments of a query, each with one error for what it is not."""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import QueryError
from galsearch.core.modality import Both, Modality, QueryModality
from galsearch.core.target_id import parse_target_ids

Cone: TypeAlias = tuple[float, float, float]
"""Right ascension and declination in degrees, radius in arcminutes."""
TargetIdInput: TypeAlias = int | str | Sequence[int | str] | npt.NDArray[np.integer]
"""One TARGETID or several, as integers or as their decimal text."""
MOST_DIVERSE = 1000
"""Largest k + offset of a result with diversity, whose cost grows with the square of it: 0.4 to 3
seconds and less than 100 MB for 1,000 galaxies, 2 to 11 seconds for 2,000."""
_MAX_RADIUS_ARCMIN = 180 * 60


def checked_ids(target_ids: TargetIdInput) -> TargetIds:
    """A read-only array of TARGETIDs."""
    ids = parse_target_ids(target_ids)
    ids.flags.writeable = False
    return ids


def checked_text(value: Any, name: str, example: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str):
        raise QueryError(
            f"{name} is of type {type(value).__name__}; expected a text such as {example}."
        )
    return value


def checked_modality(value: QueryModality | str, name: str) -> QueryModality:
    """The modality of a name, or both."""
    try:
        return Both.BOTH if value == Both.BOTH else Modality(value)
    except ValueError:
        raise QueryError(f"{name} is {value!r}; expected 'image', 'spectrum' or 'both'.") from None


def checked_count(value: int, name: str, *, least: int = 1) -> int:
    """A whole number that is not below `least`."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:
        raise QueryError(f"{name} is {value!r}; expected a whole number, {least} or more.")
    return int(value)


def checked_number(value: float, name: str, low: float, high: float, unit: str = "") -> float:
    """A number of `low` to `high`.

    Examples
    --------
    >>> checked_number(2, "radius", 0, 3600, "arcsec")
    2.0
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    if not is_number or isinstance(value, bool) or not low <= value <= high:
        raise QueryError(
            f"{name} is {value!r}; expected a number of {low:g} to {high:g}"
            f"{f' {unit}' if unit else ''}."
        )
    return float(value)


def check_page(k: int | None, offset: int, diversity: float | None) -> None:
    """Check that a result with diversity is small enough to be chosen.

    Examples
    --------
    >>> check_page(k=20, offset=980, diversity=0.5)
    >>> check_page(k=20, offset=981, diversity=0.5)
    Traceback (most recent call last):
    ...
    galsearch.core.errors.QueryError: k is 20 and offset is 981; expected k + offset of at most
    1,000 beside diversity.
    Correct the argument that the message names.
    """
    if diversity is None:
        return
    if k is None:
        raise QueryError(
            "diversity is given without k; expected the number of galaxies to choose from those of "
            "min_similarity."
        )
    if k + offset > MOST_DIVERSE:
        raise QueryError(
            f"k is {k:,} and offset is {offset:,}; expected k + offset of at most "
            f"{MOST_DIVERSE:,} beside diversity."
        )


def checked_cone(within: Cone) -> Cone:
    """Three numbers that are a cone on the sky."""
    is_sequence = isinstance(within, (Sequence, np.ndarray)) and not isinstance(
        within, (str, bytes)
    )
    try:
        ra_deg, dec_deg, radius_arcmin = (float(value) for value in within if is_sequence)
    except (TypeError, ValueError, OverflowError):
        raise QueryError(
            f"within is {within!r}; expected three numbers: right ascension and declination in "
            "degrees, radius in arcminutes."
        ) from None
    in_range = abs(dec_deg) <= 90 and 0 < radius_arcmin <= _MAX_RADIUS_ARCMIN
    if not (in_range and math.isfinite(ra_deg)):
        raise QueryError(
            f"within is ({ra_deg}, {dec_deg}, {radius_arcmin}); expected a finite right ascension "
            "in degrees, a declination of -90 .. 90 degrees and a radius above 0 and up to "
            f"{_MAX_RADIUS_ARCMIN} arcminutes."
        )
    return ra_deg, dec_deg, radius_arcmin
