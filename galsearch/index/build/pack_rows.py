"""Writing of the packed rows of a catalogue; `galsearch.index.vectors.packed_rows` reads them."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.files.atomic import new_array, write_array
from galsearch.index.vectors.array_files import (
    PACKED_ROWS_NAME,
    PACKED_TEXT_BYTES_NAME,
    PACKED_TEXTS_NAME,
)
from galsearch.index.vectors.packed_layout import PackedColumn, packed_columns, packed_counts
from galsearch.index.vectors.packed_rows import TEXT_DTYPE, WIDTHS_BYTES, packed_dtype

_CHUNK_ROWS = 1 << 16


def write_packed_rows(table: pa.Table, directory: Path, schema: pa.Schema) -> None:
    """Write the packed rows of a catalogue to the directory of an index segment.

    Parameters
    ----------
    table
        Catalogue with all columns, in order of TARGETID.
    directory
        Directory of the segment.
    schema
        Schema of the Parquet file of the catalogue, whose types may differ from those of the table
        in their resolution. The layout of the rows follows from it.
    """
    columns = packed_columns(schema)
    dtype = packed_dtype(packed_counts(columns))
    texts = _Texts()
    with new_array(directory / PACKED_ROWS_NAME, dtype=dtype, shape=(len(table),)) as rows:
        for start in range(0, len(table), _CHUNK_ROWS):
            part = table.slice(start, _CHUNK_ROWS)
            rows[start : start + len(part)] = _packed(part, columns, dtype, texts)
    ends, crcs, content = texts.arrays()
    records = np.zeros(len(ends), TEXT_DTYPE)
    records["end"], records["crc"] = ends, crcs
    write_array(directory / PACKED_TEXTS_NAME, records)
    write_array(directory / PACKED_TEXT_BYTES_NAME, content)


class _Texts:
    """The different texts of a catalogue, numbered in the order in which they occur first.

    Number 0 is the empty text, which stands where a text is missing.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}

    def numbers_of(self, column: pa.Array) -> npt.NDArray[np.int64]:
        """The number of each text of a column; 0 where it is missing."""
        encoded = column.cast(pa.large_string()).dictionary_encode()
        numbers = self._numbers
        known = [numbers.setdefault(text, len(numbers)) for text in encoded.dictionary.to_pylist()]
        # One more entry: the table of a column without any text would be empty.
        by_code = np.array([*known, 0], np.int64)
        found: npt.NDArray[np.int64] = by_code[pc.fill_null(encoded.indices, 0).to_numpy()]
        return found

    def arrays(self) -> tuple[Any, Any, npt.NDArray[np.uint8]]:
        """The end and the CRC-32 of each text, and the bytes of all."""
        encoded = [text.encode() for text in self._numbers]
        ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        crcs = [zlib.crc32(text) for text in encoded]
        return ends, crcs, np.frombuffer(b"".join(encoded), np.uint8)


def _packed(
    table: pa.Table, columns: list[PackedColumn], dtype: np.dtype[Any], texts: _Texts
) -> npt.NDArray[Any]:
    rows = np.zeros(len(table), dtype)
    by_width = dict(zip(WIDTHS_BYTES, dtype.names or (), strict=False))
    present = np.zeros((len(table), len(columns)), bool)
    for number, column in enumerate(columns):
        values = table[column.field.name].combine_chunks()
        present[:, number] = np.asarray(values.is_valid())
        place = rows[by_width[column.width_bytes]]
        place[:, column.position] = (
            texts.numbers_of(values) if column.is_text else _bits(values, column)
        )
    rows["present"] = np.packbits(present, axis=1, bitorder="little")
    rows["crc"] = list(_crcs(rows))
    return rows


def _bits(values: pa.Array, column: PackedColumn) -> npt.NDArray[Any]:
    """The bytes of the values as unsigned integers; what stands for a missing value is 0."""
    kind = column.field.type
    values = values.cast(kind)
    if pa.types.is_boolean(kind):
        return np.asarray(pc.fill_null(values, False)).astype("u1")
    width = column.width_bytes
    numbers = values.view(_UNSIGNED[width])
    found: npt.NDArray[Any] = pc.fill_null(numbers, 0).to_numpy()
    return found


_UNSIGNED = {8: pa.uint64(), 4: pa.uint32(), 2: pa.uint16(), 1: pa.uint8()}


def _crcs(rows: npt.NDArray[Any]) -> Iterator[int]:
    size, content = rows.dtype.itemsize, rows.tobytes()
    for start in range(0, len(content), size):
        yield zlib.crc32(content[start : start + size - 4])
