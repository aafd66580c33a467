"""JSON lines of any number of rows: one object for each row, written a chunk at a time."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from galsearch.formats.columns.column_descriptions import description_of
from galsearch.formats.columns.plain_columns import plain_schema, plain_table

LARGEST_EXACT = 2**53
"""Whole numbers beyond it are no exact JSON numbers: most programs read them as floats."""
_IDENTIFIERS = ("meta.id", "pos.healpix")
"""UCDs of columns whose whole numbers are texts in JSON, whatever their size."""

_CONSTANTS = {None: "null", True: "true", False: "false"}


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
    are_ids = [is_identifier(field) for field in fields]
    for chunk in chunks:
        table = plain_table(chunk)
        columns = [
            [key + value for value in _values(column, as_text=is_id)]
            for key, is_id, column in zip(keys, are_ids, table.columns, strict=True)
        ]
        lines = (f"{{{', '.join(row)}}}\n" for row in zip(*columns, strict=True))
        sink.write("".join(lines).encode("ascii"))


def is_identifier(field: pa.Field) -> bool:
    """True where whole numbers of a column are texts in JSON, whatever their size."""
    return bool(
        pa.types.is_integer(field.type) and description_of(field).ucd.startswith(_IDENTIFIERS)
    )


def _values(column: pa.ChunkedArray, *, as_text: bool) -> Sequence[str]:
    """The values of a column in JSON; `as_text` for whole numbers that are identifiers."""
    kind = column.type
    if pa.types.is_floating(kind):
        numbers = column.to_numpy()
        if pa.types.is_float32(kind):
            # The shortest decimal that is this number, not the float64 next to it.
            texts = [repr(float(str(value))) for value in numbers]
        else:
            texts = [repr(value) for value in numbers.tolist()]
        if np.isfinite(numbers).all():
            return texts
        pairs = zip(texts, numbers, strict=True)
        return [text if math.isfinite(value) else "null" for text, value in pairs]
    values = column.to_pylist()
    if pa.types.is_integer(kind):
        return [_whole_number(value, as_text=as_text) for value in values]
    return [_CONSTANTS[value] if value in _CONSTANTS else json.dumps(value) for value in values]


def _whole_number(value: int | None, *, as_text: bool) -> str:
    if value is None:
        return "null"
    return f'"{value}"' if as_text or abs(value) > LARGEST_EXACT else str(value)
