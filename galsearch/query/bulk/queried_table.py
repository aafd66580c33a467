"""The neighbours of the query in each row of a table, searched and written some rows at a time."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from galsearch.core.errors import GalsearchError, QueryError
from galsearch.core.progress import Progress, no_progress
from galsearch.query.bulk.answerable_rows import answered_rows
from galsearch.query.inputs.query_table import QueryTable
from galsearch.query.query import Query
from galsearch.query.results.neighbours import Neighbours
from galsearch.query.results.neighbours_batch import NeighboursBatch

if TYPE_CHECKING:
    # Arrow is loaded when a table is made, not by a query.
    import pyarrow as pa

_MOST_NEIGHBOURS = 1 << 21
"""Largest number of neighbours in one batch, some 300 MB of memory, where k allows it."""
_STAGE = "searching neighbours"


class QueriedTable:
    """The results of the queries of a table, which are searched while they are read or written.

    Iteration gives a `NeighboursBatch` of some rows at a time, in the order of the rows. In memory
    is one batch, whatever the number of rows. Every iteration searches anew.

    Parameters
    ----------
    table
        The queries.
    search
        Function that answers a `Query`.
    words
        Further arguments of `Query`, the same for all rows.
    n_galaxies
        Number of galaxies of the index: the largest number of neighbours of a query.
    skip_bad_rows
        Leave out rows that cannot be answered, such as an unknown TARGETID; `notes` name them.
    progress
        Called with stage, done and total.
    """

    def __init__(
        self,
        table: QueryTable,
        search: Callable[[Query], NeighboursBatch],
        words: dict[str, Any],
        *,
        n_galaxies: int,
        skip_bad_rows: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self._table, self._search, self._words = table, search, words
        self._n_galaxies, self._progress = n_galaxies, progress or no_progress
        self._skip_bad_rows = skip_bad_rows
        given = [name for name in table.arguments if words.get(name) is not None]
        if given:
            raise QueryError(
                f"{given[0]} is given for all queries, and {table.path} has a column of it; "
                "expected one of these."
            )
        self.notes: list[str] = []
        """Sentences on the queries of the last iteration, and on rows that were left out."""

    def __len__(self) -> int:
        """Number of queries."""
        return len(self._table)

    def __iter__(self) -> Iterator[NeighboursBatch]:
        """The neighbours of the queries, some rows at a time."""
        return (batch for _, batch in self._batches())

    def results(self) -> Iterator[tuple[int, Neighbours]]:
        """The number of each row, from 1, and the neighbours of its query."""
        for rows, batch in self._batches():
            yield from zip(range(rows.start + 1, rows.stop + 1), batch, strict=True)

    def tables(self, *, links: bool = False) -> "tuple[pa.Schema, Iterator[pa.Table]]":
        """The neighbours as Arrow tables of a limited size, and the schema of these tables.

        The columns are those of a `NeighboursBatch`, after `query_row`, the row of the query
        counted from 1, and where queries are positions `query_separation_arcsec`, the distance of
        the query galaxy. `using` of the metadata is `query_using`, a column, where rows differ.

        Parameters
        ----------
        links
            Add links to the image and the spectrum of each galaxy as columns.
        """
        batches = self._batches()
        first = next(batches)
        schema = self._schema(first[1], links=links)
        tables = (
            table
            for rows, batch in chain([first], batches)
            for table in _with_query(rows, batch, schema, links=links)
        )
        return schema, tables

    def facets(self) -> "tuple[pa.Schema, Iterator[pa.Table]]":
        """The facets of each query as Arrow tables, after a column `query_row`, and their schema.

        Each table holds the counts of one query; see `Facets.to_arrow`.
        """
        import pyarrow as pa

        def counted() -> Iterator[pa.Table]:
            for row, found in self.results():
                table = found.facets().to_arrow()
                yield table.add_column(0, "query_row", pa.array([row] * len(table), pa.int64()))

        tables = counted()
        first = next(tables)
        return first.schema, chain([first], tables)

    def write(
        self,
        path: str | Path,
        *,
        format: str | None = None,  # noqa: A002 (the name of the option of the command)
        overwrite: bool = False,
        links: bool = False,
    ) -> Path:
        """Search, write the neighbours of all queries to a file, and return its path.

        Parameters
        ----------
        path
            The file, which appears complete or not at all.
        format
            `jsonl`, `csv`, `parquet`, `fits`, `ecsv` or `votable`; by default the one that the end
            of the name says, such as `.vot`.
        overwrite
            Replace a file that is there.
        links
            Add links to the image and the spectrum of each galaxy as columns.

        Raises
        ------
        OutputFileExistsError, TableFormatError
            As for `Neighbours.write`; before anything is searched.
        """
        from galsearch.formats.table_files import (
            export_table_file,
            format_of_file,
            named_format,
            require_writable,
        )

        table_format = format_of_file(Path(path)) if format is None else named_format(format)
        require_writable(Path(path), overwrite=overwrite)
        schema, tables = self.tables(links=links)
        export_table_file(
            Path(path), schema, tables, table_format=table_format, overwrite=overwrite
        )
        return Path(path)

    def _batches(self) -> Iterator[tuple[slice, NeighboursBatch]]:
        """Rows of the table, from 0, and the neighbours of their queries."""
        self.notes = []
        self._progress(_STAGE, 0, len(self))
        first_error: GalsearchError | None = None
        n_answered = 0
        for rows, found in self._searched():
            if isinstance(found, GalsearchError):
                self.notes.append(f"{_rows_text(rows)} is left out: {found}")
                first_error = first_error or self._named(rows, found)
            else:
                self.notes += [f"{_rows_text(rows)}: {note}" for note in found.notes]
                n_answered += len(found)
                yield rows, found
            self._progress(_STAGE, rows.stop, len(self))
        if first_error is not None and not n_answered:
            raise first_error
        if n_answered < len(self):
            self.notes.insert(0, f"{len(self) - n_answered:,} of {len(self):,} rows are left out.")

    def _searched(self) -> Iterator[tuple[slice, NeighboursBatch | GalsearchError]]:
        """Rows of the table, and their neighbours or the error of a row that is left out."""

        def search(given: dict[str, Any]) -> NeighboursBatch:
            return self._search(Query(**{**self._words, **given}))

        for rows, given in self._table.parts(self._most_rows()):
            if self._skip_bad_rows:
                yield from answered_rows(rows, given, search)
                continue
            try:
                found = search(given)
            except GalsearchError as error:
                raise self._named(rows, error) from None
            yield rows, found

    def _named(self, rows: slice, error: GalsearchError) -> GalsearchError:
        """An error with the table and the rows in its message."""
        where = f"{self._table.path}, {_rows_text(rows)}"
        return type(error)(f"{where}: {error}", **error.facts)

    def _most_rows(self) -> int:
        """Number of queries whose neighbours fit in memory together."""
        k, offset = self._words.get("k"), self._words.get("offset")
        if k is None:
            k = self._n_galaxies if self._words.get("min_similarity") is not None else 1
        numbers = [number for number in (k, offset) if isinstance(number, int)]
        return _MOST_NEIGHBOURS // max(1, min(sum(numbers), self._n_galaxies))

    def _schema(self, first: NeighboursBatch, *, links: bool) -> "pa.Schema":
        """The schema of `tables`."""
        import pyarrow as pa

        from galsearch.formats.columns.column_descriptions import described

        schema = first.rows().schema(links=links)
        fields = [pa.field("query_row", pa.int64(), nullable=False)]
        if self._table.arguments & {"position", "name"}:
            fields.append(pa.field("query_separation_arcsec", pa.float64()))
        metadata = {**schema.metadata, b"queries": Path(self._table.path).name.encode()}
        if self._table.mixes_modalities and self._words.get("using") is None:
            fields.append(pa.field("query_using", pa.string(), nullable=False))
            metadata[b"using"] = b"query_using"
        return pa.schema([*map(described, fields), *schema], metadata=metadata)


def _rows_text(rows: slice) -> str:
    several = rows.stop - rows.start > 1
    return f"rows {rows.start + 1} to {rows.stop}" if several else f"row {rows.stop}"


def _with_query(
    rows: slice, batch: NeighboursBatch, schema: "pa.Schema", *, links: bool
) -> "Iterator[pa.Table]":
    """The neighbours of a batch in tables of a schema, whose first columns tell of the query."""
    import pyarrow as pa

    query = np.repeat(np.arange(len(batch)), batch.counts)
    start = 0
    for table in batch.rows().tables(links=links):
        part = query[start : start + len(table)]
        start += len(table)
        unknown = np.full(len(batch), np.nan)
        separation = unknown if batch.separation_arcsec is None else batch.separation_arcsec
        columns = {
            "query_row": pa.array(rows.start + 1 + part),
            "query_separation_arcsec": pa.array(separation[part], from_pandas=True),
            "query_using": pa.array(np.full(len(part), batch.using.value)),
        }
        new = [columns[name] for name in schema.names if name in columns]
        yield pa.table([*new, *table.columns], schema=schema)
