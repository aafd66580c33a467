"""Facets of a result: how many of its galaxies are of each class and in each redshift bin."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import QueryError

MAX_CLASSES = 20
"""Columns of texts with more different values are not counted unless they are named."""
_MAX_BINS = 12
_WIDTHS = [digit * 10.0**power for power in range(-2, 3) for digit in (1, 2, 5)]
_OWN = {"query_target_id", "rank", "target_id", "legacy_viewer_url", "desi_spectrum_url"}


class RedshiftBin(NamedTuple):
    """Number of galaxies with low <= z < high."""

    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Facets:
    """Counts of classes and of redshifts among the neighbours of a result.

    The counts of each column, and those of redshifts, add up to the number of neighbours.
    """

    n_neighbours: int
    classes: Mapping[str, Mapping[object, int]]
    """Number of neighbours by value, for each column; the most frequent value first, and None for
    neighbours without a value."""
    redshifts: tuple[RedshiftBin, ...]
    """Adjacent bins of one width, from the least redshift to the largest."""
    n_without_redshift: int

    def to_arrow(self) -> pa.Table:
        """The counts as a table: `column`, `value` or `low` and `high`, `count`, `fraction`."""
        rows: list[tuple[str, str | None, float | None, float | None, int]] = [
            (column, None if value is None else str(value), None, None, count)
            for column, counts in self.classes.items()
            for value, count in counts.items()
        ]
        rows += [("z", None, low, high, count) for low, high, count in self.redshifts]
        if self.n_without_redshift:
            rows.append(("z", None, None, None, self.n_without_redshift))
        columns = list(zip(*rows, strict=True)) or [()] * 5
        types = [pa.string(), pa.string(), pa.float64(), pa.float64(), pa.int64()]
        names = ["column", "value", "low", "high", "count"]
        arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
        fractions = [count / self.n_neighbours for count in columns[4]]
        return pa.table([*arrays, pa.array(fractions, pa.float64())], names=[*names, "fraction"])

    def __str__(self) -> str:
        """The counts for a terminal, one value on each line."""
        lines = [f"{self.n_neighbours:,} neighbours"]
        for column, counts in self.classes.items():
            shown = {"unknown" if value is None else str(value): n for value, n in counts.items()}
            lines += ["", column, *self._lines(shown)]
        if self.redshifts or self.n_without_redshift:
            bins = {f"{low:g} to {high:g}": n for low, high, n in self.redshifts}
            if self.n_without_redshift:
                bins["unknown"] = self.n_without_redshift
            lines += ["", "z", *self._lines(bins)]
        return "\n".join(lines)

    def _lines(self, counts: Mapping[str, int]) -> list[str]:
        width = max(map(len, counts))
        return [
            f"  {value:<{width}}  {count:>9,}  {count / self.n_neighbours:6.1%}"
            for value, count in counts.items()
        ]


def count_facets(tables: Iterable[pa.Table], *, columns: Sequence[str] | None = None) -> Facets:
    """The facets of the rows of a result.

    Parameters
    ----------
    tables
        The rows, in tables of one schema.
    columns
        Columns whose values are counted; by default all booleans and texts with at most 20
        different values, some of which are repeated.

    Raises
    ------
    QueryError
        Where the result has no such column.

    Examples
    --------
    >>> rows = pa.table({"z": [0.1, 0.17, None], "spectype": ["GALAXY", "QSO", "GALAXY"]})
    >>> print(count_facets([rows]))
    3 neighbours
    <BLANKLINE>
    spectype
      GALAXY          2   66.7%
      QSO             1   33.3%
    <BLANKLINE>
    z
      0.1 to 0.11          1   33.3%
      ...
    """
    table = pa.concat_tables(_counted(part, columns) for part in tables)
    names = [name for name in table.column_names if name != "z" or "z" in (columns or ())]
    classes = {name: _counts(table[name]) for name in names}
    z = table["z"].cast(pa.float64()) if "z" in table.column_names else pa.nulls(0, pa.float64())
    redshifts = np.asarray(pc.fill_null(z, float("nan")))
    return _facets(classes, redshifts, len(table), all_classes=columns is not None)


def facets_of_values(classes: Mapping[str, Sequence[Hashable]], redshifts: Float64Array) -> Facets:
    """The facets of galaxies whose columns are lists; see `count_facets`.

    Parameters
    ----------
    classes
        The values of each column that may hold classes, which `class_columns` names.
    redshifts : (n,)
        NaN where it is not known.
    """
    counts = {name: _in_order(Counter(values).items()) for name, values in classes.items()}
    return _facets(counts, redshifts, len(redshifts))


def class_columns(schema: pa.Schema) -> list[str]:
    """Columns of a result that may hold classes: booleans and texts."""
    return [one.name for one in schema if one.name not in _OWN and _holds_classes(one.type)]


def _facets(
    counts: Mapping[str, dict[object, int]],
    redshifts: Float64Array,
    n: int,
    *,
    all_classes: bool = False,
) -> Facets:
    classes = {name: one for name, one in counts.items() if all_classes or _is_class(one, n)}
    known = redshifts[np.isfinite(redshifts)]
    return Facets(n, classes, _bins(known), len(redshifts) - len(known))


def _counted(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """The columns of a table that are counted, and the redshift."""
    if columns is None:
        names = class_columns(table.schema)
    else:
        names = list(dict.fromkeys(columns))
        unknown = [name for name in names if name not in table.column_names]
        if unknown:
            raise QueryError(
                f"the result has no column '{unknown[0]}'; it has {', '.join(table.column_names)}."
            )
    if "z" in table.column_names and "z" not in names:
        names.append("z")
    return table.select(names)


def _holds_classes(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _holds_classes(kind.value_type)
    return bool(
        pa.types.is_boolean(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )


def _counts(column: pa.ChunkedArray) -> dict[object, int]:
    """Number of rows by value, the most frequent first and equal ones by their text."""
    counted = pc.value_counts(column).to_pylist()
    return _in_order((item["values"], item["counts"]) for item in counted)


def _in_order(counted: Iterable[tuple[object, int]]) -> dict[object, int]:
    return dict(sorted(counted, key=lambda pair: (-pair[1], str(pair[0]))))


def _is_class(counts: Mapping[object, int], n: int) -> bool:
    """True where values repeat, as those of a class do and those of a name do not."""
    return len(counts) <= MAX_CLASSES and (len(counts) < n or n == 1)


def _bins(z: Float64Array) -> tuple[RedshiftBin, ...]:
    """Bins of a round width, of which there are at most 12."""
    if not len(z):
        return ()
    low, high = float(z.min()), float(z.max())
    width = next(
        (w for w in _WIDTHS if _number(high, w) - _number(low, w) < _MAX_BINS), _WIDTHS[-1]
    )
    first = _number(low, width)
    number = np.floor(z / width + 1e-9).astype(np.int64) - first
    counts = np.bincount(number)
    return tuple(
        RedshiftBin(_round((first + i) * width), _round((first + i + 1) * width), int(count))
        for i, count in enumerate(counts)
    )


def _number(z: float, width: float) -> int:
    """Number of the bin that holds a redshift, from 0 at redshift 0."""
    return int(np.floor(z / width + 1e-9))


def _round(value: float) -> float:
    return round(value, 9) + 0.0
