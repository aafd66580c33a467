"""Sums, differences, products and quotients, equal to Python's; what is no number is missing.

Whole numbers never wrap. A quotient by zero is missing, and so is an infinite result of finite
numbers. An infinity that the catalogue holds is a number, as in Python: it stays infinite when a
number is added, and is missing when it is subtracted from itself.
"""

import ast
import decimal
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Float64Array
from galsearch.query.where.column_values import (
    INT64,
    NUMBERS,
    ConditionProblem,
    Kind,
    Values,
    bounds,
    constant,
    narrowed,
    nothing,
)

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
EXACT_FLOAT = 2**53
"""Whole numbers up to this size are exact as float64."""
_LARGEST_WHOLE = 2**4096
"""Bound on the size of whole numbers, and so on the memory that a condition needs."""
_DECIMALS = decimal.Context(prec=200, traps=[])


def arithmetic(kind: type[ast.operator], left: Values, right: Values) -> Values:
    """The values of `left + right`, `left - right`, `left * right` or `left / right`.

    Raises
    ------
    ConditionProblem
        Where an operand is not a number.
    """
    left, right = _number(left), _number(right)
    if Kind.NOTHING in (left.kind, right.kind):
        return nothing(np.broadcast(left.missing, right.missing).size)
    left, right = beside_decimal(left, right), beside_decimal(right, left)
    kinds = {left.kind, right.kind}
    if kinds == {Kind.WHOLE}:
        return _of_whole(kind, left, right)
    if Kind.FLOAT not in kinds:
        return _of_decimals(kind, left, right)
    return _of_floats(kind, left, right)


def negative(values: Values) -> Values:
    """The values of `-values`."""
    number = _number(values)
    if number.kind is Kind.NOTHING:
        return number
    return arithmetic(ast.Sub, constant(Kind.WHOLE, 0), number)


def positive(values: Values) -> Values:
    """The values of `+values`."""
    number = _number(values)
    return Values(number.kind, number.data, number.missing)


def beside_decimal(values: Values, other: Values) -> Values:
    """The values; a literal such as 0.1 beside decimals has the digits that are written."""
    if values.kind is Kind.FLOAT and values.literal is not None and other.kind is Kind.DECIMAL:
        value = float(values.data[0])
        digits = Decimal(values.literal) if np.isfinite(value) else Decimal(value)
        return constant(Kind.DECIMAL, digits, values.literal)
    return values


def _number(values: Values) -> Values:
    if values.kind in NUMBERS or values.kind is Kind.NOTHING:
        return values
    if values.kind is Kind.TRUTH:  # as in Python, True is 1 and False is 0
        return Values(Kind.WHOLE, values.data.astype(np.int64), values.missing)
    raise ConditionProblem(f"computes with {values.holds}")


def _of_whole(kind: type[ast.operator], left: Values, right: Values) -> Values:
    missing = left.missing | right.missing
    operate = OPERATORS[kind]
    ends = [bounds(left.data), bounds(right.data)]
    if kind is ast.Div:
        zero = np.asarray(right.data == 0, bool)
        divisor = np.where(zero, 1, right.data)
        if max(abs(end) for pair in ends for end in pair) <= EXACT_FLOAT:
            return Values(Kind.FLOAT, np.true_divide(left.data, divisor), missing | zero)
        quotients = np.frompyfunc(_quotient, 2, 1)(left.data.astype(object), divisor.astype(object))
        return _float_values(quotients.astype(np.float64), missing | zero)
    results = [operate(a, b) for a in ends[0] for b in ends[1]]
    least, greatest = min(results), max(results)
    if max(-least, greatest) > _LARGEST_WHOLE:
        raise ConditionProblem("makes whole numbers of more than 1,233 digits")
    if INT64.min <= least and greatest <= INT64.max:
        data = operate(narrowed(left.data), narrowed(right.data))
    else:
        data = operate(left.data.astype(object), right.data.astype(object))
    return Values(Kind.WHOLE, data, missing)


def _quotient(dividend: int, divisor: int) -> float:
    """The float nearest to a quotient of whole numbers, which Python rounds once."""
    try:
        return dividend / divisor
    except OverflowError:
        return np.nan


def _of_floats(kind: type[ast.operator], left: Values, right: Values) -> Values:
    a, b = _as_floats(left), _as_floats(right)
    missing = left.missing | right.missing | np.isnan(a) | np.isnan(b)
    if kind is ast.Div:
        missing |= b == 0
    with np.errstate(all="ignore"):
        data = np.asarray(OPERATORS[kind](a, b))
    overflowed = np.isinf(data) & np.isfinite(a) & np.isfinite(b)
    return _float_values(data, missing | overflowed)


def _float_values(data: Float64Array, missing: BoolArray) -> Values:
    """Quotients and other floats; no NaN is left, with which Python compares no decimal."""
    missing = missing | np.isnan(data)
    return Values(Kind.FLOAT, np.where(missing, 0, data), missing)


def _as_floats(values: Values) -> Float64Array:
    """Numbers as float64, rounded to the nearest as in Python; NaN where one is too large."""
    if values.data.dtype != object:
        return np.asarray(values.data, np.float64)
    return np.asarray(np.frompyfunc(_as_float, 1, 1)(values.data), np.float64)


def _as_float(value: int | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.nan


def _of_decimals(kind: type[ast.operator], left: Values, right: Values) -> Values:
    """Results to 200 digits, which is exact for sums and products of columns."""
    a, b = _as_decimals(left), _as_decimals(right)
    name = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}[kind]
    data = np.asarray(np.frompyfunc(getattr(_DECIMALS.copy(), name), 2, 1)(a, b), object)
    infinite = ~np.frompyfunc(Decimal.is_finite, 1, 1)(data).astype(bool)
    data[infinite] = Decimal(0)
    return Values(Kind.DECIMAL, data, left.missing | right.missing | infinite)


def _as_decimals(values: Values) -> npt.NDArray[np.object_]:
    return np.asarray(np.frompyfunc(Decimal, 1, 1)(values.data.astype(object)), object)
