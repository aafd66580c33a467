"""Selection of catalogue rows that fulfil a condition and lie within a cone on the sky."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import QueryError
from galsearch.index.search.catalogue_files import CatalogueFile
from galsearch.query.query import Cone
from galsearch.query.where import parse_where


def matching(
    catalogues: Sequence[CatalogueFile],
    *,
    where: str | None = None,
    within: Cone | None = None,
) -> TargetIds:
    """(n,) TARGETIDs of galaxies that fulfil a condition and lie in a cone, ascending.

    Parameters
    ----------
    catalogues
        Parquet files with at least the columns target_id, ra_deg and dec_deg. An open file must be
        at offset 0, and nothing else may read it meanwhile.
    where
        A condition as `galsearch.query.where` describes it. A column that one file lacks is missing
        for all galaxies of that file.
    within
        A cone on the sky, including its edge.

    Raises
    ------
    QueryError
        Where the condition is malformed.
    """
    parts = [_without(pl.scan_parquet(part.file), part.removed) for part in catalogues]
    table = pl.concat(parts, how="diagonal_relaxed")
    schema = table.collect_schema()
    condition = pl.lit(value=True) if where is None else parse_where(where, schema)
    if within is not None:
        condition &= in_cone(within)
    try:
        found = table.filter(condition).select("target_id").collect()
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise QueryError(f"where {where!r} cannot be evaluated ({reason}).") from None
    return np.sort(found["target_id"].to_numpy())


def _without(table: pl.LazyFrame, removed: TargetIds) -> pl.LazyFrame:
    """The rows of galaxies that were not removed."""
    if not len(removed):
        return table
    return table.filter(~pl.col("target_id").is_in(pl.Series(removed).implode()))


def in_cone(within: Cone) -> pl.Expr:
    """True where `ra_deg`, `dec_deg` lie in a valid cone, by the haversine of their distance.

    Examples
    --------
    >>> sky = pl.DataFrame({"ra_deg": [359.99, 1.0], "dec_deg": [0.0, 0.0]})
    >>> sky.select(in_cone((0.0, 0.0, 1.0))).to_series().to_list()
    [True, False]
    """
    ra_deg, dec_deg, radius_arcmin = within
    distance_ra = (pl.col("ra_deg") - ra_deg).radians()
    distance_dec = (pl.col("dec_deg") - dec_deg).radians()
    haversine = (distance_dec / 2).sin().pow(2) + (
        float(np.cos(np.radians(dec_deg)))
        * pl.col("dec_deg").radians().cos()
        * (distance_ra / 2).sin().pow(2)
    )
    largest = float(np.sin(np.radians(radius_arcmin / 60) / 2) ** 2)
    return haversine.le(largest)
