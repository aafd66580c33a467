"""Columns of a shard as NumPy arrays, whatever Arrow types other tools gave them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import Float64Array, TargetIds
from galsearch.core.errors import GalsearchError, InvalidTargetIdError
from galsearch.core.target_id import as_target_ids
from galsearch.core.vectors import QualityBits


def target_id_column(table: pa.Table, place: str, error_kind: type[GalsearchError]) -> TargetIds:
    """(n,) TARGETIDs in the column `target_id` of a table, of any integer type.

    Parameters
    ----------
    table
        Arrow table with the column.
    place
        Name of the file, for messages.
    error_kind
        Class of the error.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where a TARGETID is missing, not positive, or not an integer.
    """
    column = _decoded(table["target_id"])
    _require_values(column, "target_id", place, error_kind)
    if not pa.types.is_integer(column.type):
        raise error_kind(
            f"{place}: column target_id holds {column.type}; TARGETIDs are integers of 64 bits."
        )
    try:
        return as_target_ids(column.to_numpy())
    except InvalidTargetIdError as error:
        raise error_kind(f"{place}: column target_id: {error}") from None


def float_column(
    table: pa.Table, name: str, place: str, error_kind: type[GalsearchError]
) -> Float64Array:
    """(n,) values of a column of numbers as float64.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where a value is missing or the column holds no numbers.
    """
    column = _decoded(table[name])
    _require_values(column, name, place, error_kind)
    if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
        raise error_kind(f"{place}: column {name} holds {column.type}; expected numbers.")
    return np.asarray(column.to_numpy(), np.float64)


def position_columns(
    table: pa.Table, place: str, error_kind: type[GalsearchError], *, may_lack: bool = False
) -> tuple[Float64Array, Float64Array]:
    """(n,) right ascensions and (n,) declinations in degrees of a table.

    With `may_lack` a table may state no position at all: every value is NaN then.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where a column holds no numbers, or a value is missing, not
        finite, or no coordinate: right ascensions are from -360 to 360 degrees, declinations from
        -90 to 90.
    """
    ra_deg, dec_deg = (float_column(table, name, place, error_kind) for name in _LARGEST_DEG)
    if not (may_lack and np.isnan(ra_deg).all() and np.isnan(dec_deg).all()):
        _require_coordinates(ra_deg, "ra_deg", place, error_kind)
        _require_coordinates(dec_deg, "dec_deg", place, error_kind)
    return ra_deg, dec_deg


_LARGEST_DEG = {"ra_deg": 360.0, "dec_deg": 90.0}


def _require_coordinates(
    values: Float64Array, name: str, place: str, error_kind: type[GalsearchError]
) -> None:
    limit = _LARGEST_DEG[name]
    bad = ~(np.abs(values) <= limit)
    if bad.any():
        row = int(np.argmax(bad))
        raise error_kind(
            f"{place}: column {name} has {int(bad.sum()):,} values that are no coordinates, first "
            f"{values[row]:g} in row {row + 1}; expected -{limit:g} to {limit:g} degrees."
        )


def quality_column(
    table: pa.Table, place: str, error_kind: type[GalsearchError]
) -> QualityBits | None:
    """(n,) bits of `InputQuality` in the column `quality`; None where the table lacks it.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where a value is missing or is no whole number of 16 bits.
    """
    if "quality" not in table.column_names:
        return None
    column = _decoded(table["quality"])
    _require_values(column, "quality", place, error_kind)
    if not pa.types.is_integer(column.type):
        raise error_kind(f"{place}: column quality holds {column.type}; expected whole numbers.")
    try:
        return np.asarray(column.cast(pa.uint16()).to_numpy())
    except pa.ArrowInvalid:
        raise error_kind(f"{place}: column quality holds numbers beyond 0 to 65535.") from None


def vector_column(
    table: pa.Table, dim: int, place: str, error_kind: type[GalsearchError]
) -> npt.NDArray[Any]:
    """(n, dim) vectors in the column `embedding`, a list of floats in each row.

    Lists of fixed size, of any size, and tensors of Arrow are read.

    Raises
    ------
    GalsearchError
        Of the class `error_kind`, where a list is missing, has another length than `dim`, or holds
        something else than floats.
    """
    column = table["embedding"]
    _require_values(column, "embedding", place, error_kind)
    parts = [
        _vectors(_storage(chunk), dim, place, error_kind) for chunk in column.chunks if len(chunk)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, dim), np.float32)


def _vectors(
    lists: pa.Array, dim: int, place: str, error_kind: type[GalsearchError]
) -> npt.NDArray[Any]:
    kind = lists.type
    is_list = (
        pa.types.is_fixed_size_list(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind)
    )
    if not is_list or not pa.types.is_floating(kind.value_type):
        raise error_kind(f"{place}: column embedding holds {kind}; expected lists of floats.")
    if pa.types.is_fixed_size_list(kind):
        lengths = np.full(len(lists), kind.list_size)
    else:
        lengths = np.diff(lists.offsets.to_numpy())
    if (lengths != dim).any():
        found = int(lengths[np.argmax(lengths != dim)])
        raise error_kind(
            f"{place}: column embedding holds a vector of {found} dimensions; expected {dim}."
        )
    values = lists.flatten()
    if values.null_count:
        raise error_kind(f"{place}: column embedding has {values.null_count} missing values.")
    return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(-1, dim)


def _storage(array: pa.Array) -> pa.Array:
    """The array itself, or that which an Arrow extension type (such as a tensor) is stored as."""
    return array.storage if isinstance(array.type, pa.BaseExtensionType) else array


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column with its values in place of the codes of a dictionary."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _require_values(
    column: pa.ChunkedArray, name: str, place: str, error_kind: type[GalsearchError]
) -> None:
    if column.null_count:
        raise error_kind(f"{place}: column {name} has {column.null_count} missing values.")
