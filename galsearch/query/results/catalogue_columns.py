"""All catalogue columns of galaxies of an index, read from the files that were opened with it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import Rows, TargetIds
from galsearch.core.errors import ManifestError
from galsearch.formats.columns.column_descriptions import described
from galsearch.formats.columns.plain_columns import plain_lists
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.vectors.packed_rows import PackedRows
from galsearch.query.results.decoded_columns import ParquetColumns, RowGroupCache
from galsearch.query.results.packed_columns import PackedColumnReader

RESULT_COLUMNS = ("query_target_id", "rank", "target_id", "similarity")
"""Columns that results have of themselves; a column of the catalogue is renamed if it has one of
these names."""
_FIRST = ("target_id", "ra_deg", "dec_deg", "z")


class CatalogueColumns:
    """Reads all columns of the catalogue of an index for given galaxies.

    They come from packed rows, of which only the wanted ones are read. Columns of types that are
    not packed, and all columns of an index of an earlier version, are decoded from Parquet. Safe to
    share between threads.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self._index = index

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
        schemas = [segment.schema for segment in self._segments]
        joined = pa.unify_schemas(schemas, promote_options="permissive")
        names = [*_FIRST, *(name for name in joined.names if name not in _FIRST)]
        shown = zip(names, _names(names), strict=True)
        return [(name, described(joined.field(name).with_name(other))) for name, other in shown]

    @cached_property
    def result_schemas(self) -> dict[Any, pa.Schema]:
        """Schemas of results, which `ResultRows` makes once for each kind of result."""
        return {}

    @cached_property
    def _segments(self) -> list["_Segment"]:
        cache = RowGroupCache()
        return [
            _Segment(
                segment.packed, ParquetColumns(i, str(segment.parquet), self._opener(i), cache)
            )
            for i, segment in enumerate(self._index.catalogue_segments)
        ]

    def _opener(self, number: int) -> Callable[[], AbstractContextManager[Any]]:
        @contextmanager
        def open_file() -> Iterator[Any]:
            with self._index.catalogue_files.open() as files:
                yield files[number].file

        return open_file

    @cached_property
    def _starts(self) -> Rows:
        """Row of the catalogue at which each segment begins, and the row after the last one."""
        return np.cumsum([0, *(segment.n_rows for segment in self._segments)])

    @cached_property
    def _sources(self) -> list[list[tuple[int | None, pa.DataType | None]]]:
        """For each segment and field of the result: the number of its column among those of the
        segment, None where it has no such column; and the type to which it is converted, None
        where it has the right one.
        """
        return [
            [segment.source_of(name, field.type) for name, field in self._layout]
            for segment in self._segments
        ]

    def take(self, target_ids: TargetIds) -> pa.Table:
        """(n rows) All catalogue columns of galaxies of the index, in the order of `target_ids`.

        Raises
        ------
        ManifestError
            Where a file is damaged, or its rows are of other galaxies than the index states.
        """
        rows = self._index.catalogue_rows(target_ids)
        if ((rows < 0) | (rows >= self._starts[-1])).any():
            raise self._other_galaxies()
        numbers = np.searchsorted(self._starts, rows, side="right") - 1
        wanted = np.unique(numbers).tolist()
        parts = [self._part(i, rows[numbers == i] - self._starts[i]) for i in wanted]
        if not parts:
            return self.schema.empty_table()
        if len(parts) == 1:
            return self._checked(parts[0], target_ids)
        places = np.argsort(np.argsort(numbers, kind="stable"), kind="stable")
        return self._checked(pa.concat_tables(parts).take(pa.array(places)), target_ids)

    def lists(self, target_ids: TargetIds) -> list[Sequence[Any]]:
        """The same columns as lists of Python values, of the types of `plain_type`.

        A missing value is None, or NaN among numbers with decimals. Numbers of 32 bits with
        decimals are of NumPy, which writes them with as many digits as they have.

        Raises
        ------
        ManifestError
            Where a file is damaged, or its rows are of other galaxies than the index states.
        """
        rows = self._index.catalogue_rows(target_ids)
        for number, order in enumerate(self._direct):
            first, end = self._starts[number : number + 2]
            if order is not None and (rows >= first).all() and (rows < end).all():
                columns = self._segments[number].lists(rows - first)
                found = [columns[i] for i in order]
                self._check_ids(found[0], target_ids)
                return found
        return plain_lists(self.take(target_ids))

    @cached_property
    def _direct(self) -> list[list[int] | None]:
        """For each segment, the place of each field in its lists; None where Arrow is needed."""
        return [
            [i for i, _ in sources if i is not None]
            if segment.is_packed and all(i is not None and kind is None for i, kind in sources)
            else None
            for segment, sources in zip(self._segments, self._sources, strict=True)
        ]

    def _part(self, number: int, rows: Rows) -> pa.Table:
        """Rows of one segment with all the columns of the schema, in its order."""
        arrays = self._segments[number].arrays(rows)
        columns = []
        for source, kind in self._sources[number]:
            column = pa.nulls(len(rows), kind) if source is None else arrays[source]
            columns.append(column if kind is None or source is None else column.cast(kind))
        return pa.Table.from_arrays(columns, schema=self.schema)

    def _checked(self, table: pa.Table, target_ids: TargetIds) -> pa.Table:
        """The table, if it has the rows of these galaxies."""
        self._check_ids(table["target_id"], target_ids)
        return table

    def _check_ids(self, found: Any, target_ids: TargetIds) -> None:
        if not np.array_equal(np.asarray(found, np.int64), target_ids):
            raise self._other_galaxies()

    def _other_galaxies(self) -> ManifestError:
        return ManifestError(
            f"{self._segments[0].name}: its rows are of other galaxies than ids.npy beside it "
            "states."
        )


class _Segment:
    """Reads the columns of one segment: from its packed rows, and the others from Parquet."""

    def __init__(self, packed: PackedRows | None, decoded: ParquetColumns) -> None:
        self.name = decoded.name
        self.n_rows = decoded.n_rows
        self.schema = decoded.schema
        self._decoded = decoded
        self._packed = None if packed is None else PackedColumnReader(packed, decoded.schema)
        names = [] if self._packed is None else self._packed.names
        self._others = [name for name in self.schema.names if name not in names]
        self._names = [*names, *self._others]

    def source_of(self, name: str, kind: pa.DataType) -> tuple[int | None, pa.DataType | None]:
        """The number of a column in `arrays`, None where there is none; and `kind`, None where the
        column has this type.
        """
        if name not in self._names:
            return None, kind
        same = self.schema.field(name).type == kind
        return self._names.index(name), None if same else kind

    @property
    def is_packed(self) -> bool:
        """True where packed rows hold all columns."""
        return self._packed is not None and not self._others

    def lists(self, rows: Rows) -> list[Sequence[Any]]:
        """All columns in some rows of a packed segment, as lists of Python values."""
        return [] if self._packed is None else self._packed.lists(rows)

    def arrays(self, rows: Rows) -> list[pa.Array]:
        """All columns in some rows of the segment."""
        packed = [] if self._packed is None else self._packed.arrays(rows)
        return [*packed, *(self._decoded.take(rows, self._others) if self._others else ())]


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
