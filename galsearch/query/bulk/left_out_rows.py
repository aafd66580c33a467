"""The rows of a table of queries that were left out, each with the reason."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from galsearch.query.inputs.row_checks import BadRow

if TYPE_CHECKING:
    # Arrow is loaded when a table is made, not by a query.
    import pyarrow as pa

_MOST_RANGES = 10
"""Number of ranges of rows that a note names."""


class LeftOutRows:
    """The rows of a table of queries that were left out, in their order.

    Parameters
    ----------
    rows
        The first of them.
    """

    def __init__(self, rows: Iterable[BadRow] = ()) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        """Number of rows that were left out."""
        return len(self._rows)

    def __iter__(self) -> Iterator[BadRow]:
        """The rows that were left out, in their order."""
        # Most of the list is in order, where sorting takes the time of reading it.
        self._rows.sort(key=lambda each: each.row)
        return iter(self._rows)

    def extend(self, rows: Iterable[BadRow]) -> None:
        """Add rows that were left out."""
        self._rows += rows

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows of each reason, the most frequent one first."""
        return {reason: len(rows) for reason, rows in self._by_reason().items()}

    def _by_reason(self) -> dict[str, list[BadRow]]:
        found: dict[str, list[BadRow]] = defaultdict(list)
        for each in self:
            found[each.reason].append(each)
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    def notes(self, n_rows: int) -> list[str]:
        """A sentence on the number of the rows, and one on each reason with the first rows.

        Parameters
        ----------
        n_rows
            Number of rows of the table.
        """
        if not self._rows:
            return []
        reasons = [
            f"{reason}, in {_counted(rows)}. The first: {rows[0].problem}"
            for reason, rows in self._by_reason().items()
        ]
        return [f"{len(self):,} of {n_rows:,} rows are left out.", *reasons]

    def to_arrow(self) -> "pa.Table":
        """An Arrow table with a row for each.

        The columns are `query_row` (from 1), `query_column`, `query_value` (what the row says in
        the column), `reason` (the same words for all rows of one kind) and `problem`.
        """
        import pyarrow as pa

        from galsearch.formats.columns.column_descriptions import described

        fields = [pa.field("query_row", pa.int64(), nullable=False)]
        names = ("query_column", "query_value", "reason", "problem")
        fields += [pa.field(name, pa.string(), nullable=False) for name in names]
        rows = list(self)
        columns = [
            [each.row + 1 for each in rows],
            [each.column for each in rows],
            [each.value for each in rows],
            [each.reason for each in rows],
            [each.problem for each in rows],
        ]
        return pa.table(columns, schema=pa.schema([described(field) for field in fields]))

    def write(
        self,
        path: str | Path,
        *,
        format: str | None = None,  # noqa: A002 (the name of the option of the command)
        overwrite: bool = False,
    ) -> Path:
        """Write the table of `to_arrow` to a file, also without rows, and return its path.

        Parameters
        ----------
        path
            The file, which appears complete or not at all.
        format
            `jsonl`, `csv`, `parquet`, `fits`, `ecsv` or `votable`; by default the one that the end
            of the name says.
        overwrite
            Replace a file that is there.

        Raises
        ------
        OutputFileExistsError, TableFormatError
            As for `Neighbours.write`.
        """
        from galsearch.formats.table_files import export_table_file, format_of_file, named_format

        table_format = format_of_file(Path(path)) if format is None else named_format(format)
        table = self.to_arrow()
        export_table_file(
            Path(path), table.schema, [table], table_format=table_format, overwrite=overwrite
        )
        return Path(path)


def _counted(rows: Sequence[BadRow]) -> str:
    """The number of rows and their numbers, from 1, in ranges; of many ranges the first ones."""
    ranges = list(islice(_ranges(each.row + 1 for each in rows), _MOST_RANGES + 1))
    shown = [f"{a:d}" if a == b else f"{a:d} to {b:d}" for a, b in ranges[:_MOST_RANGES]]
    more = " and more" if len(ranges) > _MOST_RANGES else ""
    return f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}: {', '.join(shown)}{more}"


def _ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last number of each run of ascending numbers without a gap."""
    first = last = None
    for number in numbers:
        if first is None or last is None or number != last + 1:
            if first is not None and last is not None:
                yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last
