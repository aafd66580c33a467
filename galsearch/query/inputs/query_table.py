"""A table with a query in each row: TARGETIDs, positions, names, or files of images and spectra."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows
from galsearch.core.errors import SourceError
from galsearch.query.inputs.row_checks import (
    NO_QUERY,
    BadRow,
    check_positions,
    check_target_ids,
    texts,
)
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
    """The queries of a table; no file that they name is opened."""

    path: str
    """The table, as it was given."""
    n_rows: int
    """Number of rows, with those that say no query."""
    names: Mapping[str, str]
    """Name of the column of the file that holds each argument; of two for a position."""
    rows: Rows
    """(n,) numbers of the rows that say a query, from 0, ascending."""
    arrays: dict[str, npt.NDArray[Any]]
    """(n,) `target_ids` or (n, 2) `position`; empty where each row names an object or files."""
    words: Sequence[dict[str, str]] = ()
    """(n) arguments of `Query` of each row that names an object or files; else empty."""
    bad_rows: Sequence[BadRow] = field(default_factory=list)
    """The rows that say no query."""

    def __len__(self) -> int:
        """Number of rows."""
        return self.n_rows

    @property
    def arguments(self) -> set[str]:
        """Names of the arguments of `Query` that the rows hold."""
        return set(self.arrays).union(*self.words)

    @property
    def kinds(self) -> set[frozenset[str]]:
        """The different sets of arguments that rows hold."""
        kinds = {frozenset(words) for words in self.words}
        return kinds | ({frozenset(self.arrays)} if self.arrays else set())

    @property
    def mixes_modalities(self) -> bool:
        """True where some rows have an image, others a spectrum or both."""
        return len({frozenset(words) for words in self.words}) > 1

    def parts(self, most_rows: int = _ROWS_AT_A_TIME) -> Iterator[tuple[Rows, dict[str, Any]]]:
        """The queries in their order: rows, and the arguments of `Query` that they hold.

        Rows with a TARGETID or a position are put together; a name or a file is a query of its own.

        Parameters
        ----------
        most_rows
            Largest number of rows that are put together.
        """
        n = 1 if self.words else max(1, min(most_rows, _ROWS_AT_A_TIME))
        for start in range(0, len(self.rows), n):
            part = slice(start, start + n)
            if self.words:
                yield self.rows[part], dict(self.words[start])
            else:
                yield self.rows[part], {name: array[part] for name, array in self.arrays.items()}


def read_queries(path: str | Path) -> QueryTable:
    """The queries of a table, and the rows that say none.

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
        Where the file is missing, no such table or without rows.
    """
    url = str(path)
    columns, names = _columns(url)
    n = len(next(iter(columns.values())))
    if not n:
        raise SourceError(f"{path}: the table has no rows; expected a query in each.")
    has_files = any(any(texts(columns[kind])) for kind in _FILES if kind in columns)
    if "target_ids" in columns and not has_files:
        kind = "target_ids"
    elif "ra" in columns and not has_files:
        kind = "position"
    else:
        written = {kind: texts(values) for kind, values in columns.items()}
        words, bad_rows = _words_of_rows(url, written, columns, names)
        rows = np.array(list(words), np.int64)
        return QueryTable(url, n, _shown(names), rows, {}, list(words.values()), bad_rows)
    values, bad_rows = _checked(url, kind, columns, names)
    rows = np.setdiff1d(np.arange(n), [each.row for each in bad_rows])
    return QueryTable(url, n, _shown(names), rows, {kind: values[rows]}, (), bad_rows)


def _columns(url: str) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """The columns that queries are made of, and their names in the file."""
    read = read_columns(url)
    by_name = {name.strip().lower(): name for name in read}
    names = {
        kind: by_name[name]
        for kind, names in _NAMES.items()
        for name in reversed(names)
        if name in by_name
    }
    if ("ra" in names) != ("dec" in names) or not names:
        raise SourceError(
            f"{url}: no column target_id, ra_deg and dec_deg, name, image or spectrum. Columns: "
            f"{', '.join(read) or '(none)'}."
        )
    return {kind: read[name] for kind, name in names.items()}, names


def _shown(names: Mapping[str, str]) -> dict[str, str]:
    """Names of the columns with those of a position together."""
    shown = {kind: name for kind, name in names.items() if kind not in ("ra", "dec")}
    return shown | ({"position": f"{names['ra']} and {names['dec']}"} if "ra" in names else {})


def _checked(
    url: str, kind: str, columns: Mapping[str, npt.NDArray[Any]], names: Mapping[str, str]
) -> tuple[npt.NDArray[Any], list[BadRow]]:
    """TARGETIDs or positions of all rows, and the rows that have none."""
    if kind == "target_ids":
        return check_target_ids(url, names[kind], columns[kind])
    return check_positions((names["ra"], names["dec"]), columns["ra"], columns["dec"])


def _words_of_rows(
    url: str,
    written: Mapping[str, Sequence[str]],
    columns: Mapping[str, npt.NDArray[Any]],
    names: Mapping[str, str],
) -> tuple[dict[int, dict[str, str]], list[BadRow]]:
    """Arguments of the query of each row that names an object or files, and the other rows."""
    n = len(next(iter(written.values())))
    words = {
        row: _words(Path(url), {kind: values[row] for kind, values in written.items()})
        for row in range(n)
    }
    problem = "the row names neither an object nor a file."
    column = ", ".join(_shown(names).values())
    faults = {row: BadRow(row, column, "", NO_QUERY, problem) for row in words if not words[row]}
    for kind in ("target_ids", "position"):
        rows = [row for row, given in words.items() if kind in given]
        used = {name: values[rows] for name, values in columns.items()}
        for each in _checked(url, kind, used, names)[1] if rows else ():
            faults[rows[each.row]] = replace(each, row=rows[each.row])
    good = {row: given for row, given in words.items() if row not in faults}
    return good, [faults[row] for row in sorted(faults)]


def _words(path: Path, written: Mapping[str, str]) -> dict[str, str]:
    """Arguments of the query of a row that names an object or files; none where it does not."""
    name, image, spectrum, target_id, ra, dec = (
        written.get(kind, "") for kind in ("name", *_FILES, "target_ids", "ra", "dec")
    )
    if not (image or spectrum):
        if target_id:
            return {"target_ids": target_id}
        if ra and dec:
            return {"position": f"{ra} {dec}"}
        return {"name": name} if name else {}
    words = {
        kind: text if "://" in text else str(path.parent / text)
        for kind, text in (("image", image), ("spectrum", spectrum))
        if text
    }
    if image and (ra or dec):
        words["position"] = f"{ra} {dec}"
    if spectrum and target_id:
        words["target_ids"] = target_id
    return words
