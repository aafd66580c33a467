"""All catalogue columns of galaxies of an index, read from the files that were opened with it."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Rows, TargetIds
from galsearch.core.errors import ManifestError
from galsearch.files.forks import ForkSafeLock
from galsearch.files.parquet_input import damage_named
from galsearch.index.search.galaxy_index import GalaxyIndex

CACHED_BYTES = 256 << 20
"""Memory that decoded parts of one catalogue may take; the least recently used part is dropped."""


class CatalogueColumns:
    """Reads all columns of the catalogue of an index for given galaxies.

    Parquet is decoded in row groups, of which the most recent ones stay in memory. Safe to share
    between threads, which decode outside the lock.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self._index = index
        self._lock = ForkSafeLock()
        self._groups: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of the columns; what one segment of the index lacks is null there."""
        return pa.unify_schemas(
            [file.schema_arrow.remove_metadata() for file in self._files],
            promote_options="permissive",
        )

    @cached_property
    def _files(self) -> list["_SegmentFile"]:
        segments = self._index.catalogue_segments
        with self._index.catalogue_files.open() as files:
            return [
                _SegmentFile(str(segment.parquet), part.file)
                for segment, part in zip(segments, files, strict=True)
            ]

    def take(self, target_ids: TargetIds) -> pa.Table:
        """(n rows) All catalogue columns of galaxies of the index, in the order of `target_ids`.

        Raises
        ------
        ManifestError
            Where a file is damaged, or its rows are of other galaxies than the index states.
        """
        rows = self._index.catalogue_rows(target_ids)
        parts: list[pa.Table] = []
        positions: list[Rows] = []
        start = 0
        for number, file in enumerate(self._files):
            for group, first, last in file.groups(start):
                here = (rows >= first) & (rows < last)
                if here.all():
                    return self._checked(self._take(number, group, rows - first), target_ids)
                if here.any():
                    parts.append(self._take(number, group, rows[here] - first))
                    positions.append(np.flatnonzero(here))
            start += file.n_rows
        return self._checked(self._in_order(parts, positions), target_ids)

    def _take(self, segment: int, group: int, rows: Rows) -> pa.Table:
        return self._row_group(segment, group).take(pa.array(rows))

    def _in_order(self, parts: Sequence[pa.Table], positions: Sequence[Rows]) -> pa.Table:
        if not parts:
            return self.schema.empty_table()
        joined = pa.concat_tables(parts, promote_options="permissive")
        return joined.take(pa.array(np.argsort(np.concatenate(positions))))

    def _checked(self, table: pa.Table, target_ids: TargetIds) -> pa.Table:
        """The table with the columns of the schema, if it has the rows of these galaxies."""
        if not np.array_equal(np.asarray(table["target_id"]), target_ids):
            raise ManifestError(
                f"{self._files[0].name}: its rows are of other galaxies than ids.npy beside it "
                "states."
            )
        if table.schema.equals(self.schema):
            return table
        columns = [
            table[field.name].cast(field.type)
            if field.name in table.column_names
            else pa.nulls(len(table), field.type)
            for field in self.schema
        ]
        return pa.table(columns, schema=self.schema)

    def _row_group(self, segment: int, group: int) -> pa.Table:
        """A row group of the file of a segment."""
        key = (segment, group)
        with self._lock:
            table = self._groups.get(key)
            if table is not None:
                self._groups.move_to_end(key)
                return table
        with self._index.catalogue_files.open() as files:
            table = self._files[segment].read(files[segment].file, group)
        with self._lock:
            self._groups[key] = table
            self._groups.move_to_end(key)
            while sum(part.nbytes for part in self._groups.values()) > CACHED_BYTES:
                self._groups.popitem(last=False)
        return table


class _SegmentFile:
    """The metadata of the Parquet file of one segment."""

    def __init__(self, name: str, file: Any) -> None:
        self.name = name
        with damage_named(name, ManifestError):
            opened = pq.ParquetFile(file)
            self.schema_arrow: pa.Schema = opened.schema_arrow
            self._metadata = opened.metadata
        counts = [self._metadata.row_group(i).num_rows for i in range(opened.num_row_groups)]
        self._ends = np.cumsum(counts).tolist()
        self.n_rows: int = self._metadata.num_rows

    def groups(self, start: int) -> list[tuple[int, int, int]]:
        """Number, first row and row after the last one of each row group; rows begin at `start`."""
        starts = [0, *self._ends[:-1]]
        pairs = zip(starts, self._ends, strict=True)
        return [(i, start + first, start + last) for i, (first, last) in enumerate(pairs)]

    def read(self, file: Any, group: int) -> pa.Table:
        """A row group of the file, with every column in one piece."""
        with damage_named(self.name, ManifestError):
            opened = pq.ParquetFile(file, metadata=self._metadata, page_checksum_verification=True)
            table = opened.read_row_group(group)
            # A text must be valid UTF-8: it is checked here, not by every writer.
            table.validate(full=True)
        return table.combine_chunks()
