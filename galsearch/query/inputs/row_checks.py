"""Checks of the columns of a table of queries, row by row: TARGETIDs and positions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import (
    GalsearchError,
    InvalidTargetIdError,
    QueryError,
    QueryTableError,
)
from galsearch.core.target_id import MAX_TARGET_ID, TargetId
from galsearch.query.inputs.sky.sky_position import parse_positions

NO_TARGET_ID, NO_POSITION, NO_QUERY = "no TARGETID", "no position", "no query"
"""Reasons for which a row is no query."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a table of queries that cannot be answered."""

    row: int
    """Number of the row, from 0."""
    column: str
    """Name of the column, or of several, with the value."""
    value: str
    """Text of the row in that column."""
    reason: str
    """Kind of the fault, in a few words that are the same for all rows of it."""
    problem: str
    """Sentence that says what is wrong."""
    kind: type[GalsearchError] = QueryTableError
    """Class of the error that the row causes where it is not left out."""

    def error(self, path: str) -> GalsearchError:
        """The error that names the table, the row and the column."""
        several = "columns" if " and " in self.column else "column"
        return self.kind(f"{path}, row {self.row + 1}, {several} {self.column}: {self.problem}")


def check_target_ids(
    path: str, name: str, values: npt.NDArray[Any]
) -> tuple[TargetIds, list[BadRow]]:
    """(n,) the TARGETIDs of a column, 0 in rows without one, and these rows.

    Parameters
    ----------
    path
        The table, for messages.
    name
        Name of the column.
    values : (n,) integers or texts
        Its values, masked where there is none.

    Raises
    ------
    QueryTableError
        Where the column holds floats, which cannot hold TARGETIDs exactly.
    """
    empty, data = np.ma.getmaskarray(values), np.ma.getdata(values)
    if data.dtype.kind in "iu":
        good = ~empty & (data > 0) & (data <= MAX_TARGET_ID)
        ids = np.where(good, data, 0).astype(np.int64)
    elif data.dtype.kind == "f" and not empty.all():
        raise QueryTableError(
            f"{path}, column {name}: holds {data.dtype}, which cannot hold TARGETIDs exactly; "
            "expected integers or text."
        )
    else:
        ids = np.array([_target_id(text) for text in texts(values)], np.int64)
    bad = np.flatnonzero(ids == 0)
    written = zip(bad.tolist(), texts(values[bad]), strict=True)
    return ids, [_bad_target_id(name, row, text) for row, text in written]


def _target_id(text: str) -> int:
    try:
        return TargetId(text)
    except InvalidTargetIdError:
        return 0


def _bad_target_id(name: str, row: int, text: str) -> BadRow:
    problem = "the value is empty; expected a TARGETID."
    if text:
        try:
            TargetId(int(text) if text.lstrip("-").isdecimal() and len(text) < 25 else text)
        except InvalidTargetIdError as error:
            problem = str(error)
    return BadRow(row, name, text, NO_TARGET_ID, problem)


def check_positions(
    names: tuple[str, str], ra: npt.NDArray[Any], dec: npt.NDArray[Any]
) -> tuple[Float64Array, list[BadRow]]:
    """(n, 2) positions in degrees of two columns, NaN in rows without one, and these rows.

    Parameters
    ----------
    names
        Names of the columns.
    ra, dec : (n,) numbers in degrees, or texts in degrees or sexagesimal
        Their values, masked where there is none.
    """
    bad: list[BadRow] = []
    if ra.dtype.kind in "iuf" and dec.dtype.kind in "iuf":
        pairs = np.stack([np.ma.filled(np.ma.asarray(v, np.float64), np.nan) for v in (ra, dec)], 1)
    else:
        pairs = np.full((len(ra), 2), np.nan)
        sexagesimal: dict[int, str] = {}
        for row, (one, other) in enumerate(zip(texts(ra), texts(dec), strict=True)):
            try:
                pairs[row] = float(one or "nan"), float(other or "nan")
            except ValueError:
                if one and other:
                    sexagesimal[row] = f"{one} {other}"
                else:  # what is empty is at fault
                    pairs[row] = (0.0, np.nan) if one else (np.nan, 0.0)
        parsed, problems = _parsed(list(sexagesimal.values()))
        pairs[list(sexagesimal)] = parsed
        for (row, value), problem in zip(sexagesimal.items(), problems, strict=True):
            if problem:
                bad.append(BadRow(row, " and ".join(names), value, NO_POSITION, problem))
    limits = (("a right ascension", 0, 360), ("a declination", -90, 90))
    within = np.abs(pairs) <= [360, 90]
    for row in np.setdiff1d(np.flatnonzero(~within.all(axis=1)), [each.row for each in bad]):
        place = int(np.argmin(within[row]))
        text = texts((ra, dec)[place][row : row + 1])[0]
        what, low, high = limits[place]
        found = f"{text} is not {what}" if text else "the value is empty"
        problem = f"{found}; expected {low} .. {high} degrees."
        bad.append(BadRow(int(row), names[place], text, NO_POSITION, problem))
        pairs[row] = np.nan
    return pairs, sorted(bad, key=lambda each: each.row)


def _parsed(positions: list[str]) -> tuple[Float64Array, list[str]]:
    """(n, 2) degrees of positions as text, NaN for what is none, and what is wrong with each."""
    try:
        return parse_positions(positions), [""] * len(positions)
    except QueryError as error:
        if len(positions) < 2:
            return np.full((len(positions), 2), np.nan), [str(error)] * len(positions)
    n = 1 if len(positions) <= 64 else len(positions) // 2
    parts = [_parsed(positions[start : start + n]) for start in range(0, len(positions), n)]
    return np.concatenate([pairs for pairs, _ in parts]), [one for _, many in parts for one in many]


def texts(values: npt.NDArray[Any]) -> list[str]:
    """The values of a column as they are written; empty where there is none.

    Examples
    --------
    >>> texts(np.ma.MaskedArray([7, 8], [False, True])), texts(np.array([" a ", "--"]))
    (['7', ''], ['a', ''])
    """
    data = np.ma.getdata(values)
    data = data.astype(str) if data.dtype.kind == "S" else data
    pairs = zip(data, np.ma.getmaskarray(values), strict=True)
    stripped = ("" if empty else str(one).strip() for one, empty in pairs)
    return ["" if text == "--" else text for text in stripped]
