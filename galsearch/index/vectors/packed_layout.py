"""The layout of packed catalogue rows: where the value of each column is within a row.

A row holds the values of 8 bytes first, then those of 4, 2 and 1 bytes, in the order of the
columns. A text is 8 bytes: its number among the texts of the file. Columns of other types
(decimals, lists, records, bytes) are not packed.
"""

from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from galsearch.index.vectors.packed_rows import WIDTHS_BYTES, PackedCounts


class PackedColumn(NamedTuple):
    """The place of a column in a packed row."""

    field: pa.Field
    width_bytes: int
    position: int
    """Number of the column among the columns of its width."""

    @property
    def is_text(self) -> bool:
        """True where the value is the number of a text."""
        return is_text(self.field.type)


def packed_columns(schema: pa.Schema) -> list[PackedColumn]:
    """The place of each column of a catalogue that is packed, in the order of the columns.

    Examples
    --------
    >>> schema = pa.schema({"z": pa.float64(), "name": pa.string(), "tags": pa.list_(pa.int8())})
    >>> [(column.field.name, column.width_bytes) for column in packed_columns(schema)]
    [('z', 8), ('name', 8)]
    """
    found: list[PackedColumn] = []
    counts = dict.fromkeys(WIDTHS_BYTES, 0)
    for field in schema:
        width = _width_bytes(field.type)
        if width is not None:
            found.append(PackedColumn(field, width, counts[width]))
            counts[width] += 1
    return found


def packed_counts(columns: Iterable[PackedColumn]) -> PackedCounts:
    """The number of columns of each width.

    Examples
    --------
    >>> packed_counts(packed_columns(pa.schema({"z": pa.float64(), "flag": pa.bool_()})))
    PackedCounts(of_8_bytes=1, of_4_bytes=0, of_2_bytes=0, of_1_byte=1)
    """
    widths = [column.width_bytes for column in columns]
    return PackedCounts(*(widths.count(width) for width in WIDTHS_BYTES))


def is_text(kind: pa.DataType) -> bool:
    """True for columns of texts, whatever their encoding.

    Examples
    --------
    >>> is_text(pa.dictionary(pa.int8(), pa.string())), is_text(pa.int8())
    (True, False)
    """
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _width_bytes(kind: pa.DataType) -> int | None:
    """The number of bytes of a packed value of a type; None where it is not packed."""
    if is_text(kind):
        return 8
    if pa.types.is_boolean(kind):
        return 1
    if pa.types.is_primitive(kind) and kind.bit_width // 8 in WIDTHS_BYTES:
        return int(kind.bit_width // 8)
    return None
