"""Arrow columns of any type, converted to the few types that every table format can hold."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_PLAIN = frozenset(
    {
        pa.bool_(),
        pa.int8(),
        pa.int16(),
        pa.int32(),
        pa.int64(),
        pa.uint8(),
        pa.uint16(),
        pa.uint32(),
        pa.float32(),
        pa.float64(),
        pa.string(),
    }
)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type to which `plain_table` converts a column of some type.

    Booleans, whole numbers of up to 64 bits, floats and texts stay as they are; float16 becomes
    float32. Whatever a table format may lack becomes text: uint64 and decimals in digits, dates
    and times in ISO 8601, nested columns in JSON. A column without any value is of type float64.

    Examples
    --------
    >>> print(plain_type(pa.int64()), plain_type(pa.uint64()), plain_type(pa.list_(pa.int8())))
    int64 string string
    """
    if kind in _PLAIN:
        return kind
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if pa.types.is_null(kind):
        return pa.float64()
    return pa.float32() if pa.types.is_float16(kind) else pa.string()


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema of `plain_table`: metadata are kept."""
    fields = [field.with_type(plain_type(field.type)) for field in schema]
    return pa.schema(fields, metadata=schema.metadata)


def plain_table(table: pa.Table) -> pa.Table:
    """A table of the types of `plain_type`, with the same values, missing ones and metadata.

    Examples
    --------
    >>> plain_table(pa.table({"odd": pa.array([2**63, None], pa.uint64())})).to_pydict()
    {'odd': ['9223372036854775808', None]}
    """
    if _PLAIN.issuperset(table.schema.types):
        return table
    columns = [_plain_column(column) for column in table.columns]
    return pa.table(columns, schema=plain_schema(table.schema))


def plain_lists(table: pa.Table) -> list[Sequence[Any]]:
    """The columns of `plain_table` as lists of Python values.

    A missing value is None, or NaN among numbers with decimals. Numbers of 32 bits with decimals
    are of NumPy, which writes them with as many digits as they have.

    Examples
    --------
    >>> plain_lists(pa.table({"n": [1, None], "z": [0.5, None]}))
    [[1, None], [0.5, nan]]
    """
    return [_plain_list(column) for column in plain_table(table).columns]


def _plain_list(column: pa.ChunkedArray) -> Sequence[Any]:
    if pa.types.is_float32(column.type):
        return list(column.to_numpy())
    if pa.types.is_integer(column.type) and column.null_count:
        return column.to_pylist()  # type: ignore[no-any-return]
    return column.to_numpy().tolist()  # type: ignore[no-any-return]


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind, wanted = column.type, plain_type(column.type)
    if kind == wanted:
        return column
    if pa.types.is_dictionary(kind):
        return _plain_column(column.cast(kind.value_type))
    if pa.types.is_run_end_encoded(kind):
        return _plain_column(pc.run_end_decode(column))
    if wanted != pa.string() or _is_cast_to_text(kind):
        return column.cast(wanted)
    if pa.types.is_timestamp(kind):
        zone = "Z" if kind.tz else ""
        column = column.cast(pa.timestamp(kind.unit)) if kind.tz else column
        return pc.strftime(column, format=f"%Y-%m-%dT%H:%M:%S{zone}")
    return pa.chunked_array([[_text(value) for value in column.to_pylist()]], pa.string())


def _is_cast_to_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_date(kind)
        or pa.types.is_time(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )


def _text(value: Any) -> str | None:
    """A value as text: lists and records in JSON, bytes in base64."""
    if value is None:
        return None
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, default=_text)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
