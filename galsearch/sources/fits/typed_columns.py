"""Columns of a FITS table by the type that a reader needs, with a check of what the file has."""

from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import SourceError

_KINDS = {"integers": "iu", "numbers": "iuf", "text": "U"}


def integers(
    columns: dict[str, npt.NDArray[Any]], name: str, *, where: str
) -> np.ma.MaskedArray[Any, np.dtype[np.int64]]:
    """(n,) int64 values of a column, masked where the file has none.

    Raises
    ------
    SourceError
        Where the column does not hold one int64 in each row; `where` names file and table.
    """
    values = _checked(columns, name, "integers", where)
    masked: Any = np.ma.MaskedArray(values)
    largest = masked.compressed().max(initial=0)
    if largest > np.iinfo(np.int64).max:
        raise SourceError(f"{where}: column {name} holds {largest}; expected at most 2**63 - 1.")
    integral: np.ma.MaskedArray[Any, np.dtype[np.int64]] = masked.astype(np.int64)
    return integral


def floats(columns: dict[str, npt.NDArray[Any]], name: str, *, where: str) -> Float64Array:
    """(n,) float64 values of a column, NaN where the file has none.

    Raises
    ------
    SourceError
        Where the column does not hold one number in each row; `where` names file and table.
    """
    values = _checked(columns, name, "numbers", where)
    return np.asarray(np.ma.filled(values.astype(np.float64), np.nan), np.float64)


def texts(columns: dict[str, npt.NDArray[Any]], name: str, *, where: str) -> npt.NDArray[np.str_]:
    """(n,) text of a column, '' where the file has none.

    Raises
    ------
    SourceError
        Where the column does not hold text; `where` names file and table.
    """
    return np.asarray(_checked(columns, name, "text", where))


def _checked(
    columns: dict[str, npt.NDArray[Any]], name: str, kind: str, where: str
) -> npt.NDArray[Any]:
    values = columns[name]
    if values.ndim != 1 or values.dtype.kind not in _KINDS[kind]:
        each = f", {values.shape[1:]} in each row" if values.ndim > 1 else ""
        raise SourceError(
            f"{where}: column {name} is of type {values.dtype}{each}; expected {kind}, one value "
            "in each row."
        )
    return values
