"""All catalogue columns of galaxies of an index, read from the files that were opened with it."""

import os
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
from galsearch.formats.columns.column_descriptions import described
from galsearch.index.search.galaxy_index import GalaxyIndex

RESULT_COLUMNS = ("query_target_id", "rank", "target_id", "similarity")
"""Columns that results have of themselves; a column of the catalogue is renamed if it has one of
these names."""
_FIRST = ("target_id", "ra_deg", "dec_deg", "z")
CACHED_BYTES = max(256 << 20, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8)
"""Memory that decoded parts of one catalogue may take, an eighth of the machine's; the least
recently used part is dropped. A million galaxies with 60 columns take about 400 MB, and decoding
them takes seconds: where they did not fit, every query would decode them again."""


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
        """Arrow schema of the columns: TARGETID, position and redshift first, then the others.

        What one segment of the index lacks is null there. Fields have their unit, UCD and
        description as metadata. A column with a name that results use has another name.
        """
        return pa.schema([field for _, field in self._layout])

    @cached_property
    def _layout(self) -> list[tuple[str, pa.Field]]:
        """Name of each column in the catalogue, and its field in results."""
        schemas = [file.schema for file in self._files]
        joined = pa.unify_schemas(schemas, promote_options="permissive")
        names = [*_FIRST, *(name for name in joined.names if name not in _FIRST)]
        shown = zip(names, _names(names), strict=True)
        return [(name, described(joined.field(name).with_name(other))) for name, other in shown]

    @cached_property
    def result_schemas(self) -> dict[Any, pa.Schema]:
        """Schemas of results, which `ResultRows` makes once for each kind of result."""
        return {}

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
        joined = pa.concat_tables(parts)
        return joined.take(pa.array(np.argsort(np.concatenate(positions))))

    def _checked(self, table: pa.Table, target_ids: TargetIds) -> pa.Table:
        """The table, if it has the rows of these galaxies."""
        if not np.array_equal(np.asarray(table["target_id"]), target_ids):
            raise ManifestError(
                f"{self._files[0].name}: its rows are of other galaxies than ids.npy beside it "
                "states."
            )
        return table

    def _in_layout(self, table: pa.Table) -> pa.Table:
        """A table with all the columns of the schema, in its order."""
        columns = [
            table[name].cast(field.type)
            if name in table.column_names
            else pa.chunked_array([pa.nulls(len(table), field.type)])
            for name, field in self._layout
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
            table = self._in_layout(self._files[segment].read(files[segment].file, group))
        with self._lock:
            self._groups[key] = table
            self._groups.move_to_end(key)
            # The part that was wanted last stays, however large it is.
            while len(self._groups) > 1 and self._n_bytes() > CACHED_BYTES:
                self._groups.popitem(last=False)
        return table

    def _n_bytes(self) -> int:
        return sum(part.nbytes for part in self._groups.values())


class _SegmentFile:
    """The metadata of the Parquet file of one segment."""

    def __init__(self, name: str, file: Any) -> None:
        self.name = name
        with damage_named(name, ManifestError):
            opened = pq.ParquetFile(file)
            self.schema: pa.Schema = opened.schema_arrow.remove_metadata()
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


def _names(names: Sequence[str]) -> list[str]:
    """Names of columns of a catalogue in a result, which leave those of the result itself."""
    used = {*RESULT_COLUMNS, *names}
    found = []
    for name in names:
        shown = name
        while name in RESULT_COLUMNS and name != "target_id" and shown in used:
            shown = f"catalogue_{shown}"
        used.add(shown)
        found.append(shown)
    return found
