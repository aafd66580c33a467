"""Values of columns and literals of a condition, with a mark on those that are missing.

Every number is exact: whole numbers are int64, or Python's integers of any size where they need
more bits; floats are float64, which holds every float16 and float32; decimals are Python's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import BoolArray


class Kind(Enum):
    """Kinds of values."""

    WHOLE = auto()
    FLOAT = auto()
    DECIMAL = auto()
    TRUTH = auto()
    TEXT = auto()
    TIME = auto()
    NOTHING = auto()
    """Every value is missing, so that nothing is known of their type."""
    OTHER = auto()
    """Values that cannot be compared, such as lists."""


NUMBERS = frozenset({Kind.WHOLE, Kind.FLOAT, Kind.DECIMAL})
INT64 = np.iinfo(np.int64)
_WORDS = {Kind.TRUTH: "True or False", Kind.TEXT: "texts", Kind.TIME: "dates or times"}
_NS_OF_UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_NS_OF_DAY = 86_400 * 10**9


class ConditionProblem(Exception):  # noqa: N818 (it is caught, and its text becomes a QueryError)
    """Reason why a part of a condition cannot be evaluated.

    Parameters
    ----------
    text
        A sentence without its full stop.
    of_part
        True where the sentence begins with the part of the condition, which the text leaves out.
    """

    def __init__(self, text: str, *, of_part: bool = True) -> None:
        super().__init__(text)
        self.of_part = of_part


@dataclass(frozen=True)
class Values:
    """Values of one expression: (n,), or (1,) where they are the same in every row."""

    kind: Kind
    data: Any
    """
    An int64 or object array (whole numbers; times, in nanoseconds since 1970 in UTC), a float64
    array, an object array of Decimal, a bool array, or an Arrow array of texts.
    """
    missing: BoolArray
    """True where a value is missing; `data` has any value there."""
    column: str | None = None
    """Name of the column, where the expression is nothing but a column."""
    literal: str | None = None
    """Digits of a number, or characters of a text, where the expression is a literal."""
    precision: np.dtype[Any] | None = None
    """float16 or float32 where the expression is a column of that type."""
    described: str = ""
    """Type of the column, where the kind is OTHER."""

    @property
    def holds(self) -> str:
        """The kind of the values in plain words."""
        return self.described or _WORDS.get(self.kind, "numbers")


def truths(data: BoolArray, missing: BoolArray) -> Values:
    """Values that are True, False or missing."""
    return Values(Kind.TRUTH, data, missing)


def nothing(n_rows: int) -> Values:
    """Values that are all missing."""
    return Values(Kind.NOTHING, np.zeros(n_rows, bool), np.ones(n_rows, bool))


def constant(kind: Kind, value: object, literal: str | None = None) -> Values:
    """One value, the same in every row.

    Raises
    ------
    ConditionProblem
        Where the value is a text with characters that no file can hold.
    """
    missing = np.zeros(1, bool)
    if kind is Kind.TEXT:
        try:
            return Values(kind, pa.array([value], pa.large_string()), missing, literal=literal)
        except UnicodeEncodeError:
            raise ConditionProblem("holds half of a character") from None
    data: Any = objects([value])
    if kind in (Kind.WHOLE, Kind.TIME):
        data = narrowed(data)
    elif kind is not Kind.DECIMAL:
        data = data.astype(np.float64 if kind is Kind.FLOAT else bool)
    return Values(kind, data, missing, literal=literal)


def objects(values: Iterable[object]) -> npt.NDArray[np.object_]:
    """A one-dimensional array of Python objects."""
    items = list(values)
    array = np.empty(len(items), object)
    array[:] = items
    return array


def bounds(data: npt.NDArray[Any]) -> tuple[int, int]:
    """The least and the greatest of whole numbers as Python integers; 0, 0 where there are none."""
    return (int(data.min()), int(data.max())) if data.size else (0, 0)


def narrowed(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Whole numbers as int64 where all of them fit, else as Python's integers.

    Examples
    --------
    >>> narrowed(np.array([2**63 - 1], np.uint64)).dtype, narrowed(np.array([2**63], object)).dtype
    (dtype('int64'), dtype('O'))
    """
    least, greatest = bounds(data)
    fits = INT64.min <= least and greatest <= INT64.max
    return data.astype(np.int64 if fits else object)


def column_values(column: pa.Array, name: str) -> Values:
    """The values of a catalogue column of any type."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    missing = np.asarray(column.is_null().to_numpy(zero_copy_only=False), bool)
    if pa.types.is_null(kind):
        return nothing(len(column))
    if pa.types.is_boolean(kind):
        return Values(Kind.TRUTH, _filled(column, value=False), missing, name)
    if pa.types.is_integer(kind):
        return Values(Kind.WHOLE, narrowed(_filled(column, 0)), missing, name)
    if pa.types.is_floating(kind):
        return _float_values(column, name)
    if pa.types.is_decimal(kind):
        zero = [0 if value is None else value for value in column.to_pylist()]
        return Values(Kind.DECIMAL, objects(zero), missing, name)
    if _is_text(kind):
        return Values(Kind.TEXT, _large_strings(column), missing, name)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return Values(Kind.TIME, _nanoseconds(column), missing, name)
    return Values(Kind.OTHER, column, missing, name, described=f"values of type {kind}")


def _filled(column: pa.Array, value: object) -> npt.NDArray[Any]:
    return np.asarray(column.fill_null(value).to_numpy(zero_copy_only=False))


def _float_values(column: pa.Array, name: str) -> Values:
    """Floats, of which NaN are missing, as in the columns of FITS files."""
    values = np.asarray(column.to_numpy(zero_copy_only=False))
    data = values.astype(np.float64)
    missing = np.isnan(data)
    data[missing] = 0
    short = values.dtype if values.dtype != np.float64 else None
    return Values(Kind.FLOAT, data, missing, name, precision=short)


def _is_text(kind: pa.DataType) -> bool:
    view = getattr(pa.types, "is_string_view", None)
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or (view is not None and bool(view(kind)))
    )


def _large_strings(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.large_string())
    except pa.ArrowNotImplementedError:
        return pa.array(column.to_pylist(), pa.large_string())


def _nanoseconds(column: pa.Array) -> npt.NDArray[Any]:
    """Dates and times as nanoseconds since 1970; a date is its midnight in UTC."""
    kind = column.type
    if pa.types.is_date32(kind):
        column, factor = column.cast(pa.int32()), _NS_OF_DAY
    else:
        factor = _NS_OF_UNIT["ms" if pa.types.is_date64(kind) else kind.unit]
        column = column.cast(pa.int64())
    numbers = _filled(column, 0).astype(np.int64)
    least, greatest = bounds(numbers)
    fits = INT64.min <= least * factor and greatest * factor <= INT64.max
    return np.asarray((numbers if fits else numbers.astype(object)) * factor)
