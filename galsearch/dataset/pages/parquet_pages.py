"""Pages of a column of a Parquet file, read one by one.

Arrow reads all rows of a row group. Where few rows are wanted, reading their pages alone is many
times as fast. Only pages as Arrow writes them by default are read here, each with a checksum; for
any others the answer is None, and Arrow has to read the row group.
"""

import mmap
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

_DATA_PAGE, _PLAIN, _RLE = 0, 0, 3
"""Numbers of the Parquet format: a data page of version 1, and two encodings."""
_CODECS = {"UNCOMPRESSED": None, "ZSTD": "zstd"}
_LARGEST_PAGE_BYTES = 1 << 28


@dataclass(frozen=True)
class Page:
    """Place and extent of one page in a Parquet file."""

    n_entries: int
    """Number of values and of nulls."""
    file: mmap.mmap
    start: int
    """Number of its first byte, after its header."""
    n_stored: int
    """Bytes of the page as it is stored."""
    n_bytes: int
    """Bytes of the page without compression."""
    checksum: int
    """CRC-32 of the stored bytes."""
    codec: str | None

    @property
    def content(self) -> memoryview:
        """Bytes of the page as they are stored."""
        return memoryview(self.file)[self.start : self.start + self.n_stored]

    def is_intact(self) -> bool:
        """True where the bytes of the page have their checksum."""
        if hasattr(mmap, "MADV_WILLNEED"):
            # Pages of memory are read from a disk together then, not each when it is needed.
            start = self.start - self.start % mmap.PAGESIZE
            self.file.madvise(mmap.MADV_WILLNEED, start, self.start + self.n_stored - start)
        return zlib.crc32(self.content) == self.checksum

    def parts(self) -> tuple[bytes, memoryview]:
        """Definition levels of the page, encoded, and its values.

        Raises
        ------
        ValueError, OSError, IndexError
            Where the page is damaged.
        """
        content = self.content
        if self.codec is not None:
            content = memoryview(pa.decompress(content, self.n_bytes, self.codec, asbytes=True))
        _, rest = _sized(content)  # the repetition levels
        levels, values = _sized(rest)
        return bytes(levels), values


def column_pages(file: mmap.mmap, column: pq.ColumnChunkMetaData) -> list[Page] | None:
    """The pages of a column in one row group, in stored order; None where Arrow has to read them.

    Parameters
    ----------
    file
        The file, mapped into memory.
    column
        Metadata of the column in the row group.
    """
    if column.compression not in _CODECS or column.has_dictionary_page:
        return None
    content = memoryview(file)
    codec = _CODECS[column.compression]
    at = column.data_page_offset
    end = at + column.total_compressed_size
    pages = []
    try:
        while at < end:
            header, at = _read_struct(content, at)
            page = _page(header, file, at, codec)
            if page is None or page.start + page.n_stored > end:
                return None
            pages.append(page)
            at += page.n_stored
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return None  # a damaged header
    return pages if sum(page.n_entries for page in pages) == column.num_values else None


def decode_levels(encoded: bytes, n: int) -> list[tuple[int, int]]:
    """Runs of equal definition levels of two bits, as pairs (level, number of entries).

    They are stored in Parquet's hybrid of run lengths and bit packing.

    Parameters
    ----------
    encoded
        The levels as they are stored.
    n
        Number of levels.

    Raises
    ------
    IndexError, ValueError
        Where the bytes are damaged.

    Examples
    --------
    >>> decode_levels(bytes([20, 2, 3, 0b10101000, 0b00001010]), 16)
    [(2, 10), (0, 1), (2, 5)]
    """
    runs: list[tuple[int, int]] = []
    at = total = 0
    while total < n:
        header, at = _read_varint(encoded, at)
        if header & 1:
            stop = at + 2 * (header >> 1)
            packed = np.frombuffer(encoded[at:stop], np.uint8)
            found = (packed[:, None] >> np.arange(0, 8, 2) & 3).ravel()[: n - total]
            lengths = [(level, 1) for level in found.tolist()]
        else:
            lengths, stop = [(encoded[at], min(header >> 1, n - total))], at + 1
        if stop <= at or not lengths or not lengths[0][1]:
            raise ValueError("levels that are none")
        runs += lengths
        total, at = total + sum(length for _, length in lengths), stop
    return _joined(runs)


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of which no two neighbours have the same level."""
    joined: list[tuple[int, int]] = []
    for level, length in runs:
        if joined and joined[-1][0] == level:
            length += joined.pop()[1]
        joined.append((level, length))
    return joined


def plain_values(values: memoryview, kind: npt.DTypeLike, start: int, n: int) -> npt.NDArray[Any]:
    """`n` values of a page from number `start` on, of float32 or bool in their plain encoding."""
    if np.dtype(kind) != bool:
        return np.frombuffer(values, kind, n, start * np.dtype(kind).itemsize)
    first, last = start // 8, -(-(start + n) // 8)
    packed = np.frombuffer(values, np.uint8, last - first, first)
    bits = np.unpackbits(packed, bitorder="little")[start - 8 * first :]
    return bits[:n].astype(bool)


def _page(header: dict[int, Any], file: mmap.mmap, start: int, codec: str | None) -> Page | None:
    """The page of a header; None where it is none that can be read here."""
    data = header[5]
    if (header[1], data[2], data[3], data[4]) != (_DATA_PAGE, _PLAIN, _RLE, _RLE):
        return None
    if not 0 < header[2] <= _LARGEST_PAGE_BYTES or header[3] <= 0 or data[1] <= 0:
        return None
    if codec is None and header[2] != header[3]:
        return None
    return Page(data[1], file, start, header[3], header[2], header[4] & 0xFFFFFFFF, codec)


def _sized(content: memoryview) -> tuple[memoryview, memoryview]:
    """A part of a page that begins with its size in 4 bytes, and what follows it."""
    size = int.from_bytes(content[:4], "little")
    if 4 + size > len(content):
        raise ValueError("a part that is longer than its page")
    return content[4 : 4 + size], content[4 + size :]


def _read_struct(content: memoryview, at: int) -> tuple[dict[int, Any], int]:
    """The fields of a struct in Thrift's compact protocol by their number, and where it ends."""
    fields: dict[int, Any] = {}
    number = 0
    while kind := content[at]:
        at += 1
        if kind >> 4:
            number += kind >> 4
        else:
            number, at = _read_integer(content, at)
        fields[number], at = _read_field(content, at, kind & 15)
    return fields, at + 1


def _read_field(content: memoryview, at: int, kind: int) -> tuple[Any, int]:
    """A value of a kind of Thrift that page headers have, and where it ends."""
    if kind in (1, 2):
        return kind == 1, at
    if kind in (4, 5, 6):
        return _read_integer(content, at)
    if kind == 8:
        size, at = _read_varint(content, at)
        return bytes(content[at : at + size]), at + size
    if kind == 12:
        return _read_struct(content, at)
    raise ValueError(f"kind {kind} of a field")


def _read_integer(content: memoryview, at: int) -> tuple[int, int]:
    value, at = _read_varint(content, at)
    return (value >> 1) ^ -(value & 1), at


def _read_varint(content: memoryview | bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
