"""Which galaxies of a build fulfil a condition and lie within a cone."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from galsearch.core.errors import QueryError
from galsearch.query.where import parse_where

Ids = npt.NDArray[np.int64]
Cone = tuple[float, float, float]
"""Right ascension and declination in degrees, radius in arcminutes."""
_MOST_ARCMIN = 180 * 60


def matching(
    catalogues: Sequence[tuple[Path, Ids]], *, where: str | None = None, within: Cone | None = None
) -> Ids:
    """(n,) TARGETIDs of the galaxies of these catalogues that fulfil both, ascending.

    Parameters
    ----------
    catalogues
        Parquet files with the columns target_id, ra_deg and dec_deg, and for each the TARGETIDs of
        galaxies that were removed.
    where
        See `galsearch.query.where`; a column that one file lacks is unknown there.
    within
        A cone on the sky, its edge included.

    Raises
    ------
    QueryError
        Where the condition or the cone cannot be one.
    """
    parts = [_without(pl.scan_parquet(path), removed) for path, removed in catalogues]
    table = pl.concat(parts, how="diagonal_relaxed")
    schema = table.collect_schema()
    condition = pl.lit(value=True) if where is None else parse_where(where, schema)
    if within is not None:
        condition &= in_cone(within)
    try:
        found = table.filter(condition).select("target_id").collect()
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise QueryError(f"where {where!r} cannot be answered ({reason}).") from None
    return np.sort(found["target_id"].to_numpy())


def _without(table: pl.LazyFrame, removed: Ids) -> pl.LazyFrame:
    if not len(removed):
        return table
    return table.filter(~pl.col("target_id").is_in(pl.Series(removed).implode()))


def in_cone(within: Cone) -> pl.Expr:
    """Whether `ra_deg`, `dec_deg` lie in a cone, by the haversine of their distance.

    Raises
    ------
    QueryError
        Where a number is missing, not finite or out of its range.

    Examples
    --------
    >>> sky = pl.DataFrame({"ra_deg": [359.99, 1.0], "dec_deg": [0.0, 0.0]})
    >>> sky.select(in_cone((0.0, 0.0, 1.0))).to_series().to_list()
    [True, False]
    """
    ra_deg, dec_deg, radius_arcmin = check_cone(within)
    distance_ra = (pl.col("ra_deg") - ra_deg).radians()
    distance_dec = (pl.col("dec_deg") - dec_deg).radians()
    haversine = (distance_dec / 2).sin().pow(2) + (
        float(np.cos(np.radians(dec_deg)))
        * pl.col("dec_deg").radians().cos()
        * (distance_ra / 2).sin().pow(2)
    )
    largest = float(np.sin(np.radians(radius_arcmin / 60) / 2) ** 2)
    return haversine.le(largest)


def check_cone(within: Cone) -> Cone:
    """The cone as three numbers, each in its range."""
    try:
        ra_deg, dec_deg, radius_arcmin = (float(value) for value in within)
    except (TypeError, ValueError):
        raise QueryError(
            f"within is {within!r}; expected three numbers: right ascension and declination in "
            "degrees, radius in arcminutes."
        ) from None
    if not (abs(dec_deg) <= 90 and 0 < radius_arcmin <= _MOST_ARCMIN and np.isfinite(ra_deg)):
        raise QueryError(
            f"within is ({ra_deg}, {dec_deg}, {radius_arcmin}); expected a finite right ascension "
            "in degrees, a declination of -90 .. 90 degrees and a radius above 0 and up to "
            f"{_MOST_ARCMIN} arcminutes."
        )
    return ra_deg, dec_deg, radius_arcmin
