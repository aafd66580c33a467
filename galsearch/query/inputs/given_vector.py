"""A query vector that a user gives: an array, a list or a tensor of real numbers."""

import numbers
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import QueryError

_SMALLEST, _LARGEST = 2.0**-500, 2.0**500
"""The squares of components within these bounds are float64 numbers, neither 0 nor infinite."""


def check_vector(vector: npt.ArrayLike) -> Float64Array:
    """A read-only (d,) float64 array with the direction of a query vector.

    A vector of huge or tiny components is divided by a power of 2, so that the largest is between
    0.5 and 1: its length is a number then, and all digits are kept.

    Parameters
    ----------
    vector : (d,)
        Numbers of any real type and precision, for example a list, an array of float16 or a tensor
        of bfloat16.

    Raises
    ------
    QueryError
        Where the vector is not one-dimensional, holds anything but finite real numbers (masked,
        missing and complex ones, booleans, texts), or is zero.

    Examples
    --------
    >>> check_vector([3, 4]), check_vector([3 * 2.0**700, 4 * 2.0**700])
    (array([3., 4.]), array([0.375, 0.5  ]))
    """
    values = _as_array(vector)
    if values.ndim != 1:
        raise QueryError(f"the query vector has shape {values.shape}; expected one dimension.")
    components = _as_float64(_scaled(_as_real(values)))
    if not np.isfinite(components).all() or not components.any():
        raise QueryError("the query vector is zero or not finite, and so has no direction.")
    components = _scaled(components)
    components.flags.writeable = False
    return components


def _as_array(vector: Any) -> npt.NDArray[Any]:
    """The array of a vector, also of a tensor on a GPU, with a gradient or of bfloat16."""
    if all(callable(getattr(vector, name, None)) for name in ("detach", "cpu", "tolist")):
        vector = vector.detach().cpu().tolist()
    try:
        values = np.ma.asarray(vector) if np.ma.isMaskedArray(vector) else np.asarray(vector)
    except (TypeError, ValueError, RuntimeError) as error:
        raise QueryError(
            f"the query vector of type {type(vector).__name__} is no array of numbers ({error})."
        ) from None
    if np.ma.is_masked(values):
        n_masked = np.count_nonzero(np.ma.getmaskarray(values))
        raise QueryError(
            f"{n_masked} of {values.size} components of the query vector are masked, and so have "
            "no value."
        )
    return np.asarray(values)


def _as_real(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array, after a check that every component is a real number."""
    is_real = values.dtype.kind in "iuf" or values.dtype.name == "bfloat16"
    if values.dtype.kind == "O":
        is_real = all(
            isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool)
            for value in values
        )
    if not is_real:
        raise QueryError(
            f"the query vector is of type {values.dtype}; expected real numbers in every component."
        )
    return values


def _scaled(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Floats divided by a power of 2 if their squares are not floats; other values unchanged."""
    if values.dtype not in (np.float64, np.longdouble):
        return values
    largest = np.abs(values).max(initial=0)
    if not np.isfinite(largest) or largest == 0 or _SMALLEST < largest < _LARGEST:
        return values
    return np.asarray(np.ldexp(values, -np.frexp(largest)[1]))


def _as_float64(values: npt.NDArray[Any]) -> Float64Array:
    try:
        return np.array(values, np.float64)
    except (OverflowError, ValueError, TypeError) as error:
        raise QueryError(f"the query vector holds what is no float64 number ({error}).") from None
