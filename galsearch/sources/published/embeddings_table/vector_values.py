"""Vectors of a batch of rows as one array, and which rows have none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import BoolArray, Float32Array, Int64Array
from galsearch.core.errors import EmbeddingTableError


@dataclass(frozen=True, eq=False)
class BatchVectors:
    """The vectors of a batch of rows."""

    values: Float32Array
    """(n, d) vectors of the rows that have one; zeros in other rows."""
    lengths: Int64Array
    """(n,) number of values in each row; -1 where the row has no vector."""
    finite: BoolArray
    """(n,) True where every value of a row is finite and none is missing."""


def batch_vectors(
    url: str, batch: pa.RecordBatch, columns: Sequence[str], dim: int | None
) -> BatchVectors:
    """The vectors in a column of lists or tensors, or in one column of numbers for each dimension.

    Parameters
    ----------
    url
        Name of the file in messages.
    batch
        Rows of the table.
    columns
        The column of vectors, or one column for each dimension.
    dim
        Number of dimensions; None for that of the first row with a vector.

    Raises
    ------
    EmbeddingTableError
        Where a column holds something else than numbers.
    """
    if len(columns) == 1 and not _is_number(batch[columns[0]].type):
        return _from_lists(url, columns[0], batch[columns[0]], dim)
    parts = []
    for name in columns:
        if not _is_number(batch[name].type):
            raise EmbeddingTableError(
                f"{url}: column {name} holds {batch[name].type}; expected numbers."
            )
        parts.append(_numbers(batch[name]))
    values = np.stack(parts, axis=1)
    finite = np.isfinite(values).all(axis=1)
    return BatchVectors(values, np.full(len(values), len(parts)), finite)


def _from_lists(url: str, name: str, column: pa.Array, dim: int | None) -> BatchVectors:
    lists = column.storage if isinstance(column.type, pa.BaseExtensionType) else column
    kind = lists.type
    fixed = pa.types.is_fixed_size_list(kind)
    if not (fixed or pa.types.is_list(kind) or pa.types.is_large_list(kind)) or not _is_number(
        kind.value_type
    ):
        raise EmbeddingTableError(
            f"{url}: column {name} holds {kind}; expected lists of numbers, or tensors of one axis."
        )
    null = lists.is_null().to_numpy(zero_copy_only=False)
    if fixed:
        lengths = np.where(null, -1, kind.list_size)
    else:
        lengths = np.where(null, -1, np.diff(lists.offsets.to_numpy()))
    known = lengths[lengths >= 0]
    dim = dim if dim is not None else (int(known[0]) if len(known) else 0)
    good = lengths == dim
    values = np.zeros((len(lists), dim), np.float32)
    chosen = lists if good.all() else lists.filter(pa.array(good))
    values[good] = _numbers(chosen.flatten()).reshape(-1, dim)
    finite = np.asarray(np.isfinite(values).all(axis=1), bool)
    return BatchVectors(values, lengths.astype(np.int64), finite)


def _numbers(column: pa.Array) -> npt.NDArray[Any]:
    """The numbers of a column as float32; NaN where one is missing or beyond the range."""
    with np.errstate(over="ignore"):
        values = column.to_numpy(zero_copy_only=False).astype(np.float32)
    return np.asarray(values)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))
