"""A table with a query in each row: TARGETIDs, positions, names, or files of images and spectra."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import InvalidTargetIdError, SourceError
from galsearch.core.target_id import TargetId, parse_target_ids
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
_FILES = ("image", "spectrum")


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
        column name, or columns image and spectrum, either of which may be empty in a row. Where a
        row names files, a position is that of the galaxy in the image, and a TARGETID is the one of
        its spectrum in a DESI file.

    Raises
    ------
    SourceError
        Where the file is missing, no such table or without rows, or a row says nothing.
    """
    columns = _columns(str(path))
    n = len(next(iter(columns.values())))
    if not n:
        raise SourceError(f"{path}: the table has no rows; expected a query in each.")
    rows = range(n)
    if any(_text(columns, kind, row) for kind in _FILES for row in rows):
        return QueryTable(str(path), {}, [_words(Path(path), columns, row) for row in rows])
    if "target_ids" in columns:
        return QueryTable(str(path), {"target_ids": _target_ids(str(path), columns)}, ())
    if "ra" in columns:
        pairs = np.stack([_degrees(str(path), columns, name) for name in ("ra", "dec")], axis=1)
        return QueryTable(str(path), {"position": pairs}, ())
    return QueryTable(str(path), {}, [_words(Path(path), columns, row) for row in rows])


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


def _target_ids(url: str, columns: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.int64]:
    values = columns["target_ids"]
    if not np.any(np.ma.getmaskarray(values)):
        try:
            return parse_target_ids(values)
        except InvalidTargetIdError as error:
            whole = str(error)
    for row in range(len(values)):
        text = _text(columns, "target_ids", row)
        if not text:
            raise SourceError(f"{url}: row {row + 1} has no TARGETID.")
        try:
            TargetId(text)
        except InvalidTargetIdError as error:
            raise SourceError(f"{url}: row {row + 1}: {error}") from None
    raise SourceError(f"{url}: {whole}")


def _text(columns: dict[str, npt.NDArray[Any]], kind: str, row: int) -> str:
    """The text in a row of a column; empty where there is none."""
    if kind not in columns or np.ma.getmaskarray(columns[kind][row : row + 1])[0]:
        return ""
    text = str(columns[kind][row]).strip()
    return "" if text == "--" else text


def _words(path: Path, columns: dict[str, npt.NDArray[Any]], row: int) -> dict[str, str]:
    """Arguments of the query of a row that names an object or files."""
    name, image, spectrum, target_id, ra, dec = (
        _text(columns, kind, row) for kind in ("name", *_FILES, "target_ids", "ra", "dec")
    )
    if not (image or spectrum):
        if target_id:
            return {"target_ids": target_id}
        if ra and dec:
            return {"position": f"{ra} {dec}"}
        if name:
            return {"name": name}
        raise SourceError(f"{path}: row {row + 1} names neither an object nor a file.")
    words = {
        kind: text if "://" in text else str(path.parent / text)
        for kind, text in (("image", image), ("spectrum", spectrum))
        if text
    }
    if image and ra and dec:
        words["position"] = f"{ra} {dec}"
    if spectrum and target_id:
        words["target_ids"] = target_id
    return words
