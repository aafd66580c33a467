"""Rows of a table of queries that can be answered, told from those that cannot."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from galsearch.core.arrays import Rows
from galsearch.core.errors import (
    GalsearchError,
    InvalidCutoutError,
    InvalidSpectrumError,
    MissingModalityError,
    NoMatchError,
    QueryError,
    RoundedVectorsError,
    SourceError,
    StoreError,
    UnknownNameError,
    UnknownTargetError,
)
from galsearch.query.inputs.query_table import QueryTable
from galsearch.query.inputs.row_checks import BadRow
from galsearch.query.query import Query
from galsearch.query.results.neighbours_batch import NeighboursBatch

_REASONS: Mapping[type[GalsearchError], str] = {
    UnknownTargetError: "TARGETID not found",
    NoMatchError: "no galaxy near the position",
    UnknownNameError: "unknown name",
    MissingModalityError: "no such embedding",
    InvalidCutoutError: "unusable image",
    InvalidSpectrumError: "unusable spectrum",
    SourceError: "unusable file",
    QueryError: "unusable data",
}
"""Errors that a single row may cause, and the kind of fault in a few words."""
_ERRORS_OF_ALL = (StoreError, RoundedVectorsError)
"""Errors among them that concern all rows."""

Failures = Callable[[Query], Mapping[int, GalsearchError]]
"""Returns the error of each TARGETID or position of a query that has no vector, by its place."""


def answered_rows(
    table: QueryTable,
    query: Callable[[dict[str, Any]], Query],
    search: Callable[[Query], NeighboursBatch],
    failures: Failures,
    *,
    most_rows: int,
) -> Iterator[tuple[Rows, NeighboursBatch | list[BadRow]]]:
    """The neighbours of the rows of a table, in parts and in their order, and the bad rows.

    Where the search for several TARGETIDs or positions fails, all of them are looked up at once,
    and the search is repeated for those that are there.

    Parameters
    ----------
    table
        The queries.
    query
        Function that makes a query of the arguments that rows hold; arrays have a value for each.
    search
        Function that answers it.
    failures
        Function that finds those of a query that have no vector.
    most_rows
        Largest number of rows of one search.

    Raises
    ------
    GalsearchError
        Where the error is not that of a row, such as a damaged index; the message names the rows.
    """
    for rows, given in table.parts(most_rows):
        try:
            found = search(query(given))
        except GalsearchError as error:
            bad = _bad_rows(table, rows, given, error, lambda some: failures(query(some)))
            if not bad:
                raise _named(table, rows, error) from None
        else:
            yield rows, found
            continue
        places = np.searchsorted(rows, [each.row for each in bad])
        yield rows[places], bad
        good = np.setdiff1d(np.arange(len(rows)), places)
        if len(good):
            rest = {name: array[good] for name, array in given.items()}
            try:
                found = search(query(rest))
            except GalsearchError as error:
                raise _named(table, rows[good], error) from None
            yield rows[good], found


def _bad_rows(
    table: QueryTable,
    rows: Rows,
    given: dict[str, Any],
    error: GalsearchError,
    failures: Callable[[dict[str, Any]], Mapping[int, GalsearchError]],
) -> list[BadRow]:
    """The rows that caused an error of a search; none where it concerns all of them."""
    if not isinstance(error, tuple(_REASONS)) or isinstance(error, _ERRORS_OF_ALL):
        return []
    if table.words:
        return [_bad_row(table, int(rows[0]), given, error)]
    try:
        failed = failures(given)
    except GalsearchError:
        return []
    return [
        _bad_row(table, int(rows[i]), {name: array[i] for name, array in given.items()}, failed[i])
        for i in sorted(failed)
    ]


def _bad_row(
    table: QueryTable, row: int, given: Mapping[str, Any], error: GalsearchError
) -> BadRow:
    reason = next(reason for kind, reason in _REASONS.items() if isinstance(error, kind))
    column = " and ".join(table.names[name] for name in given)
    value = ", ".join(" ".join(map(str, np.atleast_1d(one))) for one in given.values())
    return BadRow(row, column, value, reason, str(error), type(error))


def _named(table: QueryTable, rows: Rows, error: GalsearchError) -> GalsearchError:
    """An error with the table and the rows in its message."""
    several = f"rows {rows[0] + 1} to {rows[-1] + 1}"
    where = f"{table.path}, {several if len(rows) > 1 else f'row {rows[0] + 1}'}"
    return type(error)(f"{where}: {error}", **error.facts)
