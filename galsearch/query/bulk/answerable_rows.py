"""Rows of a table of queries that can be answered, told from those that cannot."""

from collections.abc import Callable, Iterator
from typing import Any

from galsearch.core.errors import (
    GalsearchError,
    InvalidCutoutError,
    InvalidSpectrumError,
    MissingModalityError,
    NoMatchError,
    SourceError,
    StoreError,
    UnknownNameError,
    UnknownTargetError,
)
from galsearch.query.results.neighbours_batch import NeighboursBatch

_ERRORS_OF_ROWS = (
    UnknownTargetError,
    NoMatchError,
    UnknownNameError,
    MissingModalityError,
    SourceError,
    InvalidCutoutError,
    InvalidSpectrumError,
)
"""Errors that a single row may cause; others concern all rows."""


def answered_rows(
    rows: slice, given: dict[str, Any], search: Callable[[dict[str, Any]], NeighboursBatch]
) -> Iterator[tuple[slice, NeighboursBatch | GalsearchError]]:
    """The neighbours of rows, in parts and in their order, and the error of each bad row.

    Where a search fails, the rows are halved until the bad ones stand alone.

    Parameters
    ----------
    rows
        Numbers of the rows.
    given
        Arguments of `Query` that the rows hold; arrays have a value for each row.
    search
        Function that searches for such arguments.

    Raises
    ------
    GalsearchError
        Where the error is not that of a row, such as a malformed condition.
    """
    try:
        found: NeighboursBatch | GalsearchError = search(given)
    except StoreError:
        raise
    except _ERRORS_OF_ROWS as error:
        found = error
    n = rows.stop - rows.start
    if n == 1 or not isinstance(found, GalsearchError):
        yield rows, found
        return
    for part in (slice(0, n // 2), slice(n // 2, n)):
        inside = {name: array[part] for name, array in given.items()}
        yield from answered_rows(
            slice(rows.start + part.start, rows.start + part.stop), inside, search
        )
