"""Comparisons of values of one kind, exact whatever their types, and membership of lists.

A literal takes the type of the column that it is compared with: '2024-05-31' beside a date is that
date, '39627848784286003' beside whole numbers is that number, 0.1 beside decimals is exactly 0.1,
and 19.3 beside float32 is the float32 that is written so.
"""

import ast
import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.arrays import BoolArray
from galsearch.query.where.arithmetic import EXACT_FLOAT, beside_decimal
from galsearch.query.where.column_values import (
    INT64,
    NUMBERS,
    ConditionProblem,
    Kind,
    Values,
    bounds,
    constant,
    truths,
)
from galsearch.query.where.instants import instant_ns

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_TEXT_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: pc.less,
    ast.LtE: pc.less_equal,
    ast.Gt: pc.greater,
    ast.GtE: pc.greater_equal,
    ast.Eq: pc.equal,
    ast.NotEq: pc.not_equal,
}
_NUMBER_LIKE = NUMBERS | {Kind.TRUTH}


def compare(kind: type[ast.cmpop], left: Values, right: Values) -> Values:
    """The truth of `left < right`, or of another comparison; missing where an operand is.

    Raises
    ------
    ConditionProblem
        Where the operands are of kinds that cannot be compared.
    """
    left, right = _beside(left, right), _beside(right, left)
    missing = left.missing | right.missing
    if Kind.NOTHING in (left.kind, right.kind):
        return truths(np.zeros(missing.shape, bool), np.ones(missing.shape, bool))
    _check_comparable(left, right)
    if left.kind is Kind.TEXT:
        return truths(_compare_texts(_TEXT_COMPARISONS[kind], left.data, right.data), missing)
    return truths(_compare_numbers(COMPARISONS[kind], left.data, right.data), missing)


def is_in(values: Values, literals: Sequence[Values]) -> Values:
    """The truth of `values in (...)`: equality with any of several literals.

    Raises
    ------
    ConditionProblem
        Where a literal cannot be compared with the values.
    """
    found = np.zeros(values.missing.shape, bool)
    if not literals:
        return truths(found, found)
    if values.kind is Kind.NOTHING:
        return truths(found, ~found)
    items = [_beside(item, values) for item in literals]
    for item in items:
        _check_comparable(values, item)
    if values.kind is Kind.TEXT:
        texts = pa.concat_arrays([item.data for item in items])
        inside = pc.is_in(values.data, value_set=texts).to_numpy(zero_copy_only=False)
        return truths(np.asarray(inside, bool), values.missing)
    wanted = [item.data[0] for item in items]
    return truths(_numbers_in(values.data, wanted), values.missing)


def _check_comparable(left: Values, right: Values) -> None:
    """Refuse values of different kinds, and those of types that have no order."""
    same = left.kind == right.kind or {left.kind, right.kind} <= _NUMBER_LIKE
    if same and left.kind is not Kind.OTHER:
        return
    for literal, other in ((left, right), (right, left)):
        if literal.literal is not None and other.column is not None:
            text = repr(literal.literal) if literal.kind is Kind.TEXT else literal.literal
            raise ConditionProblem(
                f"{text[:200]} cannot be compared with column '{other.column}', which holds "
                f"{other.holds}",
                of_part=False,
            )
    raise ConditionProblem(f"compares {left.holds} with {right.holds}")


def _beside(values: Values, other: Values) -> Values:
    """The values; a literal in the type of the column beside which it is written."""
    if values.literal is None:
        return values
    if values.kind is Kind.TEXT and other.kind is Kind.TIME:
        return constant(Kind.TIME, instant_ns(values.literal), values.literal)
    if values.kind is Kind.TEXT and other.kind is Kind.WHOLE and other.column is not None:
        # TARGETIDs are written as texts in JSON and on command lines.
        if values.literal.isdecimal():
            return constant(Kind.WHOLE, int(Decimal(values.literal)), values.literal)
        return values
    if values.kind is not Kind.FLOAT:
        return values
    if other.kind is Kind.WHOLE:
        _check_digits(values)
    if other.precision is not None:
        return _short_float(values, other.precision)
    return beside_decimal(values, other)


def _short_float(values: Values, precision: np.dtype[Any]) -> Values:
    """The value of a column of float16 or float32 that is written like the literal, if any."""
    assert values.literal is not None  # noqa: S101 (the caller has a literal)
    with np.errstate(over="ignore"):
        nearest = precision.type(values.data[0])
    if not np.isfinite(nearest) or Decimal(str(nearest)) != Decimal(values.literal):
        return values
    return constant(Kind.FLOAT, float(nearest), values.literal)


def _check_digits(values: Values) -> None:
    """Refuse a literal such as 39627848784286003.0, which as a float is another whole number."""
    assert values.literal is not None  # noqa: S101 (the caller has a literal)
    value = float(values.data[0])
    if not EXACT_FLOAT < abs(value) < np.inf or Decimal(values.literal) == Decimal(value):
        return
    least, greatest = sorted((Decimal(values.literal), Decimal(value)))
    if least < 2 * INT64.max and greatest > INT64.min:
        raise ConditionProblem(
            f"{values.literal[:200]} is no float (the nearest is {int(value)}); write a whole "
            "number without a decimal point",
            of_part=False,
        )


def _compare_texts(compare: Callable[[Any, Any], Any], left: pa.Array, right: pa.Array) -> Any:
    if len(left) == 1 != len(right):
        left = left[0]
    elif len(right) == 1 != len(left):
        right = right[0]
    return compare(left, right).fill_null(False).to_numpy(zero_copy_only=False)


def _compare_numbers(
    compare: Callable[[Any, Any], Any], left: npt.NDArray[Any], right: npt.NDArray[Any]
) -> BoolArray:
    """Numbers of two types, compared exactly: by Python where float64 cannot hold both."""
    floats = [data.dtype.kind == "f" for data in (left, right)]
    is_object = object in (left.dtype, right.dtype)
    if is_object or (any(floats) and not all(_exact_as_float(data) for data in (left, right))):
        left, right = left.astype(object), right.astype(object)
    return np.asarray(compare(left, right), bool)


def _exact_as_float(data: npt.NDArray[Any]) -> bool:
    """True where NumPy compares these numbers with floats exactly."""
    if data.dtype.kind != "i":
        return True
    least, greatest = bounds(data)
    return least >= -EXACT_FLOAT and greatest <= EXACT_FLOAT


def _numbers_in(data: npt.NDArray[Any], wanted: Sequence[Any]) -> BoolArray:
    """True where a number equals one of several, of any type."""
    if data.dtype == object:
        members = {_as_python(value) for value in wanted}
        return np.fromiter((value in members for value in data), bool, len(data))
    if data.dtype.kind == "f":
        return np.isin(data, [float(value) for value in wanted if _is_float(value)])
    if data.dtype.kind == "b":
        data = data.astype(np.int64)
    whole = [int(value) for value in wanted if _is_int64(value)]
    return np.isin(data, np.array(whole, np.int64))


def _as_python(value: Any) -> Any:
    """A NumPy scalar as a number of Python, whose equality and hash agree across types."""
    return value.item() if isinstance(value, np.generic) else value


def _is_float(value: Any) -> bool:
    """True where a float64 equals the number."""
    try:
        return bool(float(value) == _as_python(value))
    except OverflowError:
        return False


def _is_int64(value: Any) -> bool:
    """True where an int64 equals the number."""
    number = _as_python(value)
    return bool(INT64.min <= number <= INT64.max) and int(number) == number
