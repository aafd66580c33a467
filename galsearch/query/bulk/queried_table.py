"""The neighbours of the query in each row of a table, searched and written some rows at a time."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from galsearch.core.arrays import Rows
from galsearch.core.errors import QueryError
from galsearch.core.progress import Progress, no_progress
from galsearch.query.bulk.answerable_rows import Failures, answered_rows
from galsearch.query.bulk.left_out_rows import LeftOutRows
from galsearch.query.bulk.query_columns import schema_with_query, tables_with_query
from galsearch.query.inputs.query_table import QueryTable
from galsearch.query.inputs.query_words import check_table_words, words_for
from galsearch.query.query import Query
from galsearch.query.results.neighbours import Neighbours
from galsearch.query.results.neighbours_batch import NeighboursBatch

if TYPE_CHECKING:
    # Arrow is loaded when a table is made, not by a query.
    import pyarrow as pa

_MOST_NEIGHBOURS = 1 << 21
"""Largest number of neighbours in one batch, some 300 MB of memory, where k allows it."""
_MOST_NOTES = 20
"""Largest number of notes on rows that are kept."""
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
    failures
        Function that finds those TARGETIDs or positions of a `Query` that have no vector.
    words
        Further arguments of `Query`, the same for all rows.
    n_galaxies
        Number of galaxies of the index: the largest number of neighbours of a query.
    skip_bad_rows
        Leave out rows that cannot be answered, such as an unknown TARGETID; `left_out` lists them.
    progress
        Called with stage, done and total.
    """

    def __init__(
        self,
        table: QueryTable,
        search: Callable[[Query], NeighboursBatch],
        failures: Failures,
        words: dict[str, Any],
        *,
        n_galaxies: int,
        skip_bad_rows: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self._table, self._words = table, words
        self._search, self._failures = search, failures
        self._n_galaxies, self._progress = n_galaxies, progress or no_progress
        self._skip_bad_rows = skip_bad_rows
        given = [name for name in table.arguments if words.get(name) is not None]
        if given:
            raise QueryError(
                f"{given[0]} is given for all queries, and {table.path} has a column of it; "
                "expected one of these."
            )
        check_table_words(words, table.kinds)
        if table.bad_rows and not skip_bad_rows:
            raise table.bad_rows[0].error(table.path)
        self.left_out = LeftOutRows(table.bad_rows)
        """The rows that the last iteration left out, each with the reason."""
        self._row_notes: list[str] = []
        self._n_notes = 0

    @property
    def notes(self) -> list[str]:
        """Sentences on the last iteration: the rows that were left out, and some of the queries.

        They are few, however many rows there are; `left_out` has all rows that were left out.
        """
        notes = [*self.left_out.notes(len(self)), *self._row_notes]
        more = self._n_notes - len(self._row_notes)
        return [*notes, f"{more:,} further notes on rows are not kept."] if more else notes

    def __len__(self) -> int:
        """Number of queries."""
        return len(self._table)

    def __iter__(self) -> Iterator[NeighboursBatch]:
        """The neighbours of the queries, some rows at a time."""
        return (batch for _, batch in self._batches())

    def results(self) -> Iterator[tuple[int, Neighbours]]:
        """The number of each row, from 1, and the neighbours of its query."""
        for rows, batch in self._batches():
            yield from zip((rows + 1).tolist(), batch, strict=True)

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
        is_given = self._words.get("using") is not None
        schema = schema_with_query(self._table, first[1], is_using_given=is_given, links=links)
        tables = (
            table
            for rows, batch in chain([first], batches)
            for table in tables_with_query(rows, batch, schema, links=links)
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

    def _batches(self) -> Iterator[tuple[Rows, NeighboursBatch]]:
        """Rows of the table, from 0, and the neighbours of their queries."""
        self.left_out = LeftOutRows(self._table.bad_rows)
        self._row_notes, self._n_notes = [], 0
        self._progress(_STAGE, 0, len(self))
        n_answered = 0
        for rows, found in answered_rows(
            self._table, self._query, self._search, self._failures, most_rows=self._most_rows()
        ):
            if isinstance(found, NeighboursBatch):
                self._keep_notes(rows, found.notes)
                n_answered += len(found)
                yield rows, found
            elif self._skip_bad_rows:
                self.left_out.extend(found)
            else:
                raise found[0].error(self._table.path)
            self._progress(_STAGE, int(rows[-1]) + 1, len(self))
        self._progress(_STAGE, len(self), len(self))
        if not n_answered:
            raise QueryError(
                f"{self._table.path}: none of its {len(self):,} rows can be answered. The first: "
                f"{next(iter(self.left_out)).error('the table')}"
            )

    def _query(self, given: dict[str, Any]) -> Query:
        """The query of some rows."""
        return Query(**{**words_for(self._words, given), **given})

    def _keep_notes(self, rows: Rows, notes: Sequence[str]) -> None:
        """Keep the notes on some rows, if they are not too many."""
        several = f"rows {rows[0] + 1} to {rows[-1] + 1}"
        where = several if len(rows) > 1 else f"row {rows[0] + 1}"
        room = max(0, _MOST_NOTES - len(self._row_notes))
        self._row_notes += [f"{where}: {note}" for note in notes[:room]]
        self._n_notes += len(notes)

    def _most_rows(self) -> int:
        """Number of queries whose neighbours fit in memory together."""
        k, offset = self._words.get("k"), self._words.get("offset")
        if k is None:
            k = self._n_galaxies if self._words.get("min_similarity") is not None else 1
        numbers = [number for number in (k, offset) if isinstance(number, int)]
        return _MOST_NEIGHBOURS // max(1, min(sum(numbers), self._n_galaxies))
