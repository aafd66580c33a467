"""FITS tables of any number of rows, written a chunk of rows at a time to any binary file."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from astropy.io import fits

_BLOCK_BYTES = 2880
_FORMATS = {"u1": "B", "i2": "I", "i4": "J", "i8": "K", "f4": "E", "f8": "D"}
_NOT_ASCII = re.compile("[^\x20-\x7e]")


@dataclass(frozen=True)
class StreamedColumn:
    """A column of a FITS table whose rows are written later."""

    name: str
    dtype: str
    """Of NumPy: `>i8` and the like, `S7` for texts of up to 7 characters."""
    logical: bool = False
    """True for a column of type `S1` with `T`, `F`, or a zero byte where the value is missing."""
    null: int | None = None
    """Whole number that stands for a missing value."""
    unit: str = ""
    ucd: str = ""
    description: str = ""

    @property
    def format(self) -> str:
        """The TFORM of the column."""
        if self.logical:
            return "L"
        kind = np.dtype(self.dtype)
        return f"{kind.itemsize}A" if kind.kind == "S" else _FORMATS[kind.str[1:]]


def write_table_stream(
    sink: BinaryIO,
    columns: Sequence[StreamedColumn],
    chunks: Iterable[npt.NDArray[Any]],
    *,
    name: str,
    n_rows: int,
    keywords: Mapping[str, str],
) -> None:
    """Write a FITS file with one binary table.

    Parameters
    ----------
    sink
        An open binary file, which need not be seekable.
    columns
        The columns. Characters of names and descriptions that are not ASCII become `?`.
    chunks
        Structured arrays of one record for each row, with the dtypes of the columns in order.
    name
        EXTNAME of the table.
    n_rows
        Number of all rows.
    keywords
        Values that the header states, by keyword of up to 8 characters.

    Examples
    --------
    >>> import io
    >>> buffer = io.BytesIO()
    >>> rows = np.array([(7,), (8,)], [("id", ">i8")])
    >>> write_table_stream(
    ...     buffer, [StreamedColumn("id", ">i8")], [rows], name="IDS", n_rows=2, keywords={})
    >>> fits.open(io.BytesIO(buffer.getvalue()))["IDS"].data["id"].tolist()
    [7, 8]
    """
    sink.write(fits.PrimaryHDU().header.tostring().encode("ascii"))
    sink.write(_header(columns, name, n_rows, keywords).tostring().encode("ascii"))
    n_bytes = 0
    for chunk in chunks:
        content = chunk.tobytes()
        sink.write(content)
        n_bytes += len(content)
    sink.write(bytes(-n_bytes % _BLOCK_BYTES))


def _header(
    columns: Sequence[StreamedColumn], name: str, n_rows: int, keywords: Mapping[str, str]
) -> Any:
    hdu = fits.BinTableHDU.from_columns(
        [
            fits.Column(
                name=_ascii(column.name),
                format=column.format,
                unit=column.unit or None,
                null=column.null,
            )
            for column in columns
        ],
        nrows=0,
        name=name,
    )
    header = hdu.header
    header["NAXIS2"] = n_rows
    for number, column in enumerate(columns, 1):
        for keyword, text in (("TUCD", column.ucd), ("TCOMM", column.description)):
            if text:
                header[f"{keyword}{number}"] = _ascii(text)
    for keyword, text in keywords.items():
        header[keyword] = _ascii(text)
    return header


def _ascii(text: str) -> str:
    return _NOT_ASCII.sub("?", text)
