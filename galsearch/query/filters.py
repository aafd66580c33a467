"""Selection of catalogue rows that fulfil a condition and lie within a cone on the sky."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import BoolArray, Float64Array, TargetIds
from galsearch.core.errors import ManifestError, QueryError
from galsearch.files.parquet_input import damage_named
from galsearch.index.vectors.catalogue_files import CatalogueFile
from galsearch.query.inputs.sky.sky_position import haversine
from galsearch.query.query import Cone
from galsearch.query.where import Condition
from galsearch.query.where.column_values import Kind, column_values
from galsearch.query.where.expression import NO_MEANINGS

_BATCH_ROWS = 1 << 18
"""Rows that are read at a time, which bounds the memory that a filter needs."""


def matching(
    catalogues: Sequence[CatalogueFile],
    *,
    where: str | None = None,
    within: Cone | None = None,
    meanings: Mapping[str, str] = NO_MEANINGS,
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
    meanings
        Columns by further words of the condition that mean them, before a column of that name.

    Raises
    ------
    QueryError
        Where the condition is malformed.
    ManifestError
        Where a file is damaged.
    """
    tables = [_Table(part.file, part.removed) for part in map(CatalogueFile._make, catalogues)]
    names = list(dict.fromkeys(name for table in tables for name in table.schema.names))
    condition = None if where is None else Condition(where, names, meanings)
    if condition is not None:
        for table in tables:
            table.check_columns(condition)
    found = [ids for table in tables for ids in table.matching(condition, within)]
    return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


class _Table:
    """One Parquet file of a catalogue."""

    def __init__(self, file: Path | BinaryIO, removed: TargetIds) -> None:
        self._name = str(getattr(file, "name", file) if not isinstance(file, Path) else file)
        self._removed = removed
        with damage_named(self._name, ManifestError):
            # A path would be expanded if it were a glob, and may lead elsewhere later.
            self._parquet = pq.ParquetFile(file, page_checksum_verification=True)
            self.schema: pa.Schema = self._parquet.schema_arrow

    def check_columns(self, condition: Condition) -> None:
        """Check that the columns of a condition can be compared as it does."""
        counts = Counter(self.schema.names)
        for name in condition.columns:
            if counts[name] > 1:
                raise QueryError(
                    f"{condition.shown}: {self._name} has {counts[name]} columns '{name}'."
                )
        condition.check_types(self.schema)

    def matching(self, condition: Condition | None, within: Cone | None) -> Iterator[TargetIds]:
        """TARGETIDs of the rows that fulfil a condition, a batch of rows at a time."""
        wanted = {"target_id", *(condition.columns if condition else ())}
        wanted |= {"ra_deg", "dec_deg"} if within is not None else set()
        columns = [name for name in self.schema.names if name in wanted]
        with damage_named(self._name, ManifestError):
            for batch in self._parquet.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                ids = self._target_ids(batch)
                fulfils = np.ones(len(ids), bool) if condition is None else condition.rows(batch)
                if within is not None:
                    ra_deg, dec_deg = (self._degrees(batch, name) for name in ("ra_deg", "dec_deg"))
                    fulfils = fulfils & in_cone(ra_deg, dec_deg, within)
                found = ids[fulfils]
                yield found[~np.isin(found, self._removed)] if len(self._removed) else found

    def _target_ids(self, batch: pa.RecordBatch) -> TargetIds:
        column = batch.column("target_id")
        if not pa.types.is_integer(column.type) or column.null_count:
            raise ManifestError(
                f"{self._name}: target_id is of type {column.type} with {column.null_count:,} "
                "missing values; expected a whole number in every row."
            )
        return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)

    def _degrees(self, batch: pa.RecordBatch, name: str) -> Float64Array:
        """A column of the sky in degrees, NaN where it is missing."""
        values = column_values(batch.column(name), name)
        if values.kind not in (Kind.FLOAT, Kind.WHOLE, Kind.NOTHING):
            raise ManifestError(f"{self._name}: {name} holds {values.holds}; expected degrees.")
        return np.where(values.missing, np.nan, values.data.astype(np.float64))


def in_cone(ra_deg: Float64Array, dec_deg: Float64Array, within: Cone) -> BoolArray:
    """True where positions lie in a valid cone, by the haversine of their distance.

    Parameters
    ----------
    ra_deg, dec_deg : (n,) degrees
        Positions. One that is NaN lies in no cone.
    within
        The cone.

    Examples
    --------
    >>> in_cone(np.array([359.99, 1.0]), np.array([0.0, 0.0]), (0.0, 0.0, 1.0))
    array([ True, False])
    """
    center_ra_deg, center_dec_deg, radius_arcmin = within
    distance = haversine(ra_deg, dec_deg, center_ra_deg, center_dec_deg)
    largest = float(np.sin(np.radians(radius_arcmin / 60) / 2) ** 2)
    return np.asarray(distance <= largest)
