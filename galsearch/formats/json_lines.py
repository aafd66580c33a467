"""JSON lines of any number of rows: one object for each row, written a chunk at a time."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import BinaryIO

import pyarrow as pa

from galsearch.formats.columns.column_descriptions import description_of
from galsearch.formats.columns.plain_columns import plain_schema, plain_table

_LARGEST_EXACT = 2**53
"""Whole numbers beyond it are no exact JSON numbers: most programs read them as floats."""
_IDENTIFIERS = ("meta.id", "pos.healpix")
"""UCDs of columns whose whole numbers are texts in JSON, whatever their size."""


def write_json_lines(schema: pa.Schema, chunks: Iterable[pa.Table], sink: BinaryIO) -> None:
    """Write one JSON object for each row.

    A TARGETID is text, as is every whole number beyond 2**53: most programs would read another
    number. A missing value is null, and so are NaN and infinity, which JSON lacks.

    Parameters
    ----------
    schema
        Schema of the rows.
    chunks
        The rows, in tables of this schema.
    sink
        An open binary file.
    """
    fields = list(plain_schema(schema))
    keys = [f"{json.dumps(field.name)}: " for field in fields]
    for chunk in chunks:
        table = plain_table(chunk)
        columns = [
            [key + value for value in _values(field, column)]
            for key, field, column in zip(keys, fields, table.columns, strict=True)
        ]
        lines = (f"{{{', '.join(row)}}}\n" for row in zip(*columns, strict=True))
        sink.write("".join(lines).encode("ascii"))


def _values(field: pa.Field, column: pa.ChunkedArray) -> Sequence[str]:
    """The values of a column in JSON."""
    if pa.types.is_float32(field.type):
        # The shortest decimal that is this number, not the float64 next to it.
        column = column.cast(pa.string()).cast(pa.float64())
    values = column.to_pylist()
    if pa.types.is_floating(field.type):
        return [
            "null" if value is None or not math.isfinite(value) else repr(value) for value in values
        ]
    if pa.types.is_integer(field.type):
        is_identifier = description_of(field).ucd.startswith(_IDENTIFIERS)
        return [_whole_number(value, as_text=is_identifier) for value in values]
    return [json.dumps(value) for value in values]


def _whole_number(value: int | None, *, as_text: bool) -> str:
    if value is None:
        return "null"
    return f'"{value}"' if as_text or abs(value) > _LARGEST_EXACT else str(value)
