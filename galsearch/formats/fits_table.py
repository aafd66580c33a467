r"""FITS tables of any number of rows, with units, UCDs and values for missing numbers.

FITS holds texts of ASCII characters only. A column with other texts is written with Python's
escapes, such as \xe9, and its comment (TCOMM) says so.
"""

import re
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.errors import TableFormatError
from galsearch.formats.columns.column_descriptions import description_of
from galsearch.formats.columns.plain_columns import plain_schema, plain_table
from galsearch.formats.columns.unit_notation import unit_text
from galsearch.formats.table_spool import spooled
from galsearch.sources.fits.table_stream import StreamedColumn, write_table_stream

_DTYPES: dict[pa.DataType, str] = {
    pa.uint8(): ">i2",
    pa.int8(): ">i2",
    pa.int16(): ">i2",
    pa.uint16(): ">i4",
    pa.int32(): ">i4",
    pa.uint32(): ">i8",
    pa.int64(): ">i8",
    pa.float32(): ">f4",
    pa.float64(): ">f8",
}
_STORABLE = re.compile(r"(?:[\x20-\x7e]*[\x21-\x7e])?")
"""Texts that FITS stores as they are: trailing blanks have no meaning there."""
_MOST_COLUMNS = 999


def write_fits_table(schema: pa.Schema, chunks: Iterable[pa.Table], sink: BinaryIO) -> None:
    """Write a FITS file with one binary table, NEIGHBOURS.

    The rows wait in a temporary file until the number of rows, the widths of texts and the numbers
    that can stand for missing values are known.

    Parameters
    ----------
    schema
        Schema of the rows; see `galsearch.formats.columns.column_descriptions`. Metadata of the
        schema become keywords of the header.
    chunks
        The rows, in tables of this schema.
    sink
        An open binary file.

    Raises
    ------
    TableFormatError
        Where the table has more columns than FITS can hold, or a column of whole numbers no number
        left that could stand for missing values.
    """
    if len(schema) > _MOST_COLUMNS:
        raise TableFormatError(
            f"the table has {len(schema):,} columns; FITS holds {_MOST_COLUMNS} at most."
        )
    schema = plain_schema(schema)
    with spooled(schema, map(plain_table, chunks)) as spool:
        columns = [_FitsColumn(field) for field in schema]
        n_rows = 0
        for table in spool:
            n_rows += len(table)
            for column, values in zip(columns, table.columns, strict=True):
                column.measure(values)
        streamed = [column.streamed() for column in columns]
        dtype = np.dtype([(f"f{i}", column.dtype) for i, column in enumerate(streamed)])
        write_table_stream(
            sink,
            streamed,
            (_records(table, columns, dtype) for table in spool),
            name="NEIGHBOURS",
            n_rows=n_rows,
            keywords=_keywords(schema),
        )


def _keywords(schema: pa.Schema) -> dict[str, str]:
    pairs = {
        name.decode("utf-8", "replace").upper(): value.decode("utf-8", "replace")
        for name, value in (schema.metadata or {}).items()
    }
    return {name: value for name, value in pairs.items() if re.fullmatch("[A-Z0-9_-]{1,8}", name)}


def _records(
    table: pa.Table, columns: "list[_FitsColumn]", dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    records = np.zeros(len(table), dtype)
    for i, (column, values) in enumerate(zip(columns, table.columns, strict=True)):
        records[f"f{i}"] = column.stored(values)
    return records


class _FitsColumn:
    """A column of plain type: measured in all chunks first, then stored chunk by chunk."""

    def __init__(self, field: pa.Field) -> None:
        self._field = field
        self._width = [1, 1]
        """Longest text as it is, and with escapes."""
        self._escaped = False
        self._range: list[int] = []
        self._has_missing = False

    def measure(self, values: pa.ChunkedArray) -> None:
        """Take the values of a chunk into account."""
        self._has_missing |= values.null_count > 0
        if pa.types.is_string(self._field.type):
            texts = set(pc.unique(values.drop_null()).to_pylist())
            self._escaped |= not all(map(_STORABLE.fullmatch, texts))
            lengths = [(len(text.encode()), len(_with_escapes(text))) for text in texts]
            self._width = [max(pair) for pair in zip(self._width, *lengths, strict=True)]
        elif pa.types.is_integer(self._field.type) and values.null_count < len(values):
            found = pc.min_max(values).as_py()
            both = [*self._range, found["min"], found["max"]]
            self._range = [min(both), max(both)]

    def streamed(self) -> StreamedColumn:
        """The column as FITS has it."""
        meaning = description_of(self._field)
        remark = " (with Python's escapes)" if self._escaped else ""
        return StreamedColumn(
            self._field.name,
            self._dtype(),
            logical=pa.types.is_boolean(self._field.type),
            null=self._null(),
            unit=unit_text(meaning.unit, "fits"),
            ucd=meaning.ucd,
            description=f"{meaning.description}{remark}".strip(),
        )

    def _dtype(self) -> str:
        if pa.types.is_boolean(self._field.type):
            return "S1"
        if pa.types.is_string(self._field.type):
            return f"S{self._width[self._escaped]}"
        return _DTYPES[self._field.type]

    def _null(self) -> int | None:
        """The number that stands for missing values: one that no row has."""
        if not pa.types.is_integer(self._field.type) or not self._has_missing:
            return None
        limits = np.iinfo(self._dtype())
        for candidate in (int(limits.min), int(limits.max)):
            if candidate not in self._range:
                return candidate
        raise TableFormatError(
            f"column '{self._field.name}' has missing values, and values from the least to the "
            "largest whole number of 64 bits; FITS has no number left for the missing ones."
        )

    def stored(self, values: pa.ChunkedArray) -> npt.NDArray[Any]:
        """The values of a chunk as FITS has them."""
        kind = self._field.type
        if pa.types.is_string(kind):
            encode = _with_escapes if self._escaped else str.encode
            return np.array([*map(encode, values.fill_null("").to_pylist())], self._dtype())
        missing = np.asarray(values.is_null())
        if pa.types.is_boolean(kind):
            letters = np.where(np.asarray(values.fill_null(False)), b"T", b"F")
            return np.where(missing, b"\0", letters)
        filler = float("nan") if pa.types.is_floating(kind) else 0
        found = np.asarray(values.fill_null(pa.scalar(filler, kind))).astype(self._dtype())
        null = self._null()
        return found if null is None else np.where(missing, null, found)


def _with_escapes(text: str) -> bytes:
    """A text with Python's escapes for what FITS cannot store, among them a blank at the end."""
    escaped = text.encode("unicode_escape")
    return escaped[:-1] + b"\\x20" if escaped.endswith(b" ") else escaped
