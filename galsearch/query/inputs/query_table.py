"""A table with a query in each row: TARGETIDs, positions, names, or files of images and spectra."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import InvalidTargetIdError, SourceError
from galsearch.core.target_id import parse_target_ids
from galsearch.query.inputs.table_columns import read_columns

_ROWS_AT_A_TIME = 1000
_NAMES = {
    "target_ids": ("target_id", "targetid"),
    "ra": ("ra_deg", "ra", "target_ra"),
    "dec": ("dec_deg", "dec", "target_dec"),
    "name": ("name",),
    "image": ("image",),
    "spectrum": ("spectrum",),
}
"""Names of columns in lower case by the argument of a query that they hold."""


@dataclass(frozen=True, eq=False)
class QueryTable:
    """The queries of a table, all of whose rows have been checked; no file they name is opened."""

    path: str
    """The table, as it was given."""
    arrays: dict[str, npt.NDArray[Any]]
    """(n,) `target_ids` or (n, 2) `position`; empty where each row names an object or files."""
    words: Sequence[dict[str, str]]
    """Arguments of `Query` of each row that names an object or files; else empty."""

    def __len__(self) -> int:
        """Number of rows."""
        return max(len(self.words), *map(len, self.arrays.values()), 0)

    @property
    def arguments(self) -> set[str]:
        """Names of the arguments of `Query` that the rows hold."""
        return set(self.arrays).union(*self.words)

    @property
    def mixes_modalities(self) -> bool:
        """True where some rows have an image, others a spectrum or both."""
        return len({frozenset(words) for words in self.words}) > 1

    def parts(self, most_rows: int = _ROWS_AT_A_TIME) -> Iterator[tuple[slice, dict[str, Any]]]:
        """The queries in their order: rows, and the arguments of `Query` that they hold.

        Rows with a TARGETID or a position are put together; a name or a file is a query of its own.

        Parameters
        ----------
        most_rows
            Largest number of rows that are put together.
        """
        n = 1 if self.words else max(1, min(most_rows, _ROWS_AT_A_TIME))
        for start in range(0, len(self), n):
            rows = slice(start, min(start + n, len(self)))
            if self.words:
                yield rows, dict(self.words[start])
            else:
                yield rows, {name: array[rows] for name, array in self.arrays.items()}


def read_queries(path: str | Path) -> QueryTable:
    """The queries of a table.

    Paths in the table are relative to its directory.

    Parameters
    ----------
    path
        CSV, ECSV, FITS or Parquet table with a column target_id, columns ra_deg and dec_deg, a
        column name, or columns image and spectrum, either of which may be empty in a row.

    Raises
    ------
    SourceError
        Where the file is missing, no such table or without rows, or a row says nothing.
    """
    columns = _columns(str(path))
    n = len(next(iter(columns.values())))
    if not n:
        raise SourceError(f"{path}: the table has no rows; expected a query in each.")
    if "target_ids" in columns:
        try:
            ids = parse_target_ids(columns["target_ids"])
        except InvalidTargetIdError as error:
            raise SourceError(f"{path}: {error}") from None
        return QueryTable(str(path), {"target_ids": ids}, ())
    if "ra" in columns:
        pairs = np.stack([_degrees(str(path), columns, name) for name in ("ra", "dec")], axis=1)
        return QueryTable(str(path), {"position": pairs}, ())
    return QueryTable(str(path), {}, [_words(Path(path), columns, row) for row in range(n)])


def _columns(url: str) -> dict[str, npt.NDArray[Any]]:
    read = read_columns(url)
    by_name = {name.strip().lower(): values for name, values in read.items()}
    found = {
        kind: by_name[name]
        for kind, names in _NAMES.items()
        for name in reversed(names)
        if name in by_name
    }
    if ("ra" in found) != ("dec" in found) or not found:
        raise SourceError(
            f"{url}: no column target_id, ra_deg and dec_deg, name, image or spectrum. Columns: "
            f"{', '.join(read) or '(none)'}."
        )
    return found


def _degrees(url: str, columns: dict[str, npt.NDArray[Any]], name: str) -> npt.NDArray[Any]:
    values = columns[name]
    missing = np.ma.getmaskarray(values) if values.dtype.kind in "iuf" else np.ones(len(values))
    if np.any(missing):
        row = int(np.argmax(missing))
        raise SourceError(f"{url}: row {row + 1} has the {name} {values[row]}; expected degrees.")
    return np.asarray(values, np.float64)


def _words(path: Path, columns: dict[str, npt.NDArray[Any]], row: int) -> dict[str, str]:
    """Arguments of the query of a row that names an object or files."""
    words: dict[str, str] = {}
    for kind in ("name", "image", "spectrum"):
        text = "" if kind not in columns else str(columns[kind][row]).strip()
        if text not in ("", "--"):
            words[kind] = text if kind == "name" else str(path.parent / text)
    if not words:
        raise SourceError(f"{path}: row {row + 1} names neither an object nor a file.")
    return words
