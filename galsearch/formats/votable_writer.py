"""VOTable files of any number of rows, with units and UCDs, written a chunk of rows at a time.

The rows are in the serialisation BINARY2 of VOTable 1.4, which states for each value whether it is
missing, and holds texts of any characters. XML itself cannot hold control characters.
"""

import base64
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from astropy.io.votable.tree import Field, Info, Resource, TableElement, VOTableFile

from galsearch.formats.columns.column_descriptions import description_of
from galsearch.formats.columns.plain_columns import plain_schema, plain_table
from galsearch.formats.columns.unit_notation import unit_text

_TYPES: dict[pa.DataType, tuple[str, str]] = {
    pa.bool_(): ("boolean", "S1"),
    pa.uint8(): ("unsignedByte", "u1"),
    pa.int8(): ("short", ">i2"),
    pa.int16(): ("short", ">i2"),
    pa.uint16(): ("int", ">i4"),
    pa.int32(): ("int", ">i4"),
    pa.uint32(): ("long", ">i8"),
    pa.int64(): ("long", ">i8"),
    pa.float32(): ("float", ">f4"),
    pa.float64(): ("double", ">f8"),
}
"""Datatype of VOTable and its bytes, for the Arrow types of numbers; texts are `unicodeChar`."""
_DATA = b'<DATA>\n<BINARY2>\n<STREAM encoding="base64">\n'
_END_OF_DATA = b"</STREAM>\n</BINARY2>\n</DATA>\n"
_LINE_BYTES = 57
"""Bytes of a line of 76 characters in base64."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_votable(schema: pa.Schema, chunks: Iterable[pa.Table], sink: BinaryIO) -> None:
    """Write a VOTable.

    Parameters
    ----------
    schema
        Schema of the rows; see `galsearch.formats.columns.column_descriptions`. Metadata of the
        schema become INFO elements.
    chunks
        The rows, in tables of this schema.
    sink
        An open binary file.
    """
    head, tail = _document(plain_schema(schema))
    sink.write(head)
    rest = b""
    for chunk in chunks:
        content = rest + _rows(plain_table(chunk))
        whole = len(content) // _LINE_BYTES * _LINE_BYTES
        sink.write(base64.encodebytes(content[:whole]))
        rest = content[whole:]
    sink.write(base64.encodebytes(rest))
    sink.write(tail)


def _document(schema: pa.Schema) -> tuple[bytes, bytes]:
    """The XML before and after the rows of a table."""
    document = VOTableFile(version="1.4")
    resource = Resource(name="galsearch", type="results")
    document.resources.append(resource)
    for name, value in (schema.metadata or {}).items():
        texts = (_xml_text(part.decode("utf-8", "replace")) for part in (name, value))
        resource.infos.append(Info(**dict(zip(("name", "value"), texts, strict=True))))
    table = TableElement(document, name="neighbours")
    resource.tables.append(table)
    table.fields.extend(_field(document, field, i) for i, field in enumerate(schema))
    table.create_arrays(0)
    buffer = io.BytesIO()
    document.to_xml(buffer)
    # astropy writes no DATA element for a table without rows.
    head, end, tail = buffer.getvalue().partition(b"</TABLE>")
    return head + _DATA, _END_OF_DATA + end + tail


def _field(document: VOTableFile, field: pa.Field, number: int) -> Field:
    """A FIELD element for a column, the `number`-th from 0."""
    meaning = description_of(field)
    datatype, _ = _TYPES.get(field.type, ("unicodeChar", ""))
    options = {"arraysize": "*"} if datatype == "unicodeChar" else {}
    name = _xml_text(field.name)
    element = Field(
        document,
        ID=name if re.fullmatch("[A-Za-z_][A-Za-z0-9_.-]*", name) else f"column_{number + 1}",
        name=name,
        datatype=datatype,
        unit=unit_text(meaning.unit, "vounit") or None,
        ucd=meaning.ucd or None,
        **options,
    )
    element.description = _xml_text(meaning.description) or None
    return element


def _xml_text(text: str) -> str:
    """A text with the replacement character for those that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def _rows(table: pa.Table) -> bytes:
    """The rows of a table of plain types in the serialisation BINARY2."""
    if not len(table):
        return b""
    columns = [column.combine_chunks() for column in table.columns]
    missing = np.stack([_missing(column) for column in columns], axis=1)
    parts: list[Sequence[bytes]] = [_as_bytes(np.packbits(missing, axis=1))]
    for column in columns:
        text = pa.types.is_string(column.type)
        parts.append(_texts(column) if text else _as_bytes(_numbers(column)))
    return b"".join(value for row in zip(*parts, strict=True) for value in row)


def _missing(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(column.is_null())


def _numbers(column: pa.Array) -> npt.NDArray[Any]:
    """A column of booleans or numbers in the bytes of VOTable; missing values are 0, NaN or `?`."""
    if pa.types.is_boolean(column.type):
        letters = np.where(np.asarray(column.fill_null(False)), b"T", b"F")
        return np.where(_missing(column), b"?", letters)
    filler = float("nan") if pa.types.is_floating(column.type) else 0
    return np.asarray(column.fill_null(pa.scalar(filler, column.type))).astype(
        _TYPES[column.type][1]
    )


def _as_bytes(array: npt.NDArray[Any]) -> Sequence[bytes]:
    """The bytes of each row of an array."""
    array = np.ascontiguousarray(array)
    width = array.nbytes // len(array)
    rows: Sequence[bytes] = array.reshape(len(array), -1).view(f"V{width}")[:, 0].tolist()
    return rows


def _texts(column: pa.Array) -> Sequence[bytes]:
    """Each text in UTF-16, after the number of its 16-bit units."""
    encoded = (text.encode("utf-16-be") for text in column.fill_null("").to_pylist())
    return [(len(text) // 2).to_bytes(4, "big") + text for text in encoded]
