"""A table with a query in each row: TARGETIDs, positions, names, or files of images and spectra."""

from collections.abc import Iterator
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


def read_queries(path: str | Path) -> Iterator[tuple[slice, dict[str, Any]]]:
    """The queries of a table: rows, and the arguments of `Query` that say what they search for.

    Rows with a TARGETID or a position are put together, a thousand at a time; a name or a file is a
    query of its own. Paths in the table are relative to its directory.

    Parameters
    ----------
    path
        CSV, ECSV, FITS or Parquet table with a column target_id, columns ra_deg and dec_deg, a
        column name, or columns image and spectrum, either of which may be empty in a row.

    Raises
    ------
    SourceError
        Where the file is missing or no such table, or a row says nothing.
    """
    columns = _columns(str(path))
    n = len(next(iter(columns.values())))
    if "target_ids" in columns:
        try:
            ids = parse_target_ids(columns["target_ids"])
        except InvalidTargetIdError as error:
            raise SourceError(f"{path}: {error}") from None
        yield from ((part, {"target_ids": ids[part]}) for part in _parts(n))
    elif "ra" in columns:
        pairs = np.stack([_degrees(str(path), columns, name) for name in ("ra", "dec")], axis=1)
        yield from ((part, {"position": pairs[part]}) for part in _parts(n))
    else:
        for row in range(n):
            yield slice(row, row + 1), _words(Path(path), columns, row)


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


def _parts(n: int) -> Iterator[slice]:
    return (slice(i, min(i + _ROWS_AT_A_TIME, n)) for i in range(0, n, _ROWS_AT_A_TIME))


def _degrees(url: str, columns: dict[str, npt.NDArray[Any]], name: str) -> npt.NDArray[Any]:
    values = columns[name]
    missing = np.ma.getmaskarray(values) if values.dtype.kind in "iuf" else np.ones(len(values))
    if np.any(missing):
        row = int(np.argmax(missing))
        raise SourceError(f"{url}: row {row + 1} has the {name} {values[row]}; expected degrees.")
    return np.asarray(values, np.float64)


def _words(path: Path, columns: dict[str, npt.NDArray[Any]], row: int) -> dict[str, Any]:
    """Arguments of the query of a row that names an object or files."""
    words: dict[str, Any] = {}
    for kind in ("name", "image", "spectrum"):
        text = "" if kind not in columns else str(columns[kind][row]).strip()
        if text not in ("", "--"):
            words[kind] = text if kind == "name" else str(path.parent / text)
    if not words:
        raise SourceError(f"{path}: row {row + 1} names neither an object nor a file.")
    return words
