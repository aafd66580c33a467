"""All columns of a catalogue row by row in memory-mapped files, so that some rows are read fast.

Parquet keeps a column together, and one row of it can be read only by decoding a part of every
column. Here the values of a galaxy lie together in a record, and whoever wants ten galaxies reads
ten records. All processes that serve an index share the maps.

Each record and each text has a CRC-32, which is checked when it is read.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows
from galsearch.core.errors import ManifestError
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.vectors.array_files import (
    PACKED_ROWS_NAME,
    PACKED_TEXT_BYTES_NAME,
    PACKED_TEXTS_NAME,
    map_array,
    map_list,
)

WIDTHS_BYTES = (8, 4, 2, 1)
"""Numbers of bytes that a packed value may have."""
TEXT_DTYPE = np.dtype([("end", "<i8"), ("crc", "<u4")])
"""Data type of the record of a text: where it ends among the bytes of all texts, and the CRC-32 of
its bytes. It begins where the one before it ends."""


class PackedCounts(NamedTuple):
    """The number of packed columns of each width."""

    of_8_bytes: int
    of_4_bytes: int
    of_2_bytes: int
    of_1_byte: int


def packed_dtype(counts: PackedCounts) -> np.dtype[Any]:
    """The data type of a packed row.

    `present` has a bit for each column, the least significant bit first, in the order of the
    catalogue: 0 where the value is missing. `crc` is the CRC-32 of all bytes before it.

    Examples
    --------
    >>> packed_dtype(PackedCounts(2, 1, 0, 0)).itemsize
    25
    """
    names = ("of_8_bytes", "of_4_bytes", "of_2_bytes", "of_1_byte")
    fields = [
        (name, f"<u{width}", (count,))
        for name, width, count in zip(names, WIDTHS_BYTES, counts, strict=True)
    ]
    present = ("present", "u1", (-(-sum(counts) // 8),))
    return np.dtype([*fields, present, ("crc", "<u4", ())])


@dataclass(frozen=True, eq=False)
class PackedRows:
    """The packed rows of one segment of a catalogue, memory-mapped."""

    path: Path
    rows: npt.NDArray[Any]
    """Packed rows, shape (n,), in order of TARGETID; their type is one of `packed_dtype`."""
    texts: npt.NDArray[Any]
    """Records of the different texts, shape (t,), of type `TEXT_DTYPE`."""
    text_bytes: npt.NDArray[np.uint8]
    """Bytes of all texts in UTF-8, one after the other."""

    @classmethod
    def open(
        cls, directory: Path, *, n_galaxies: int, open_file: OpenFile = open_binary
    ) -> "PackedRows":
        """The packed rows in the directory of a segment.

        Raises
        ------
        ManifestError
            Where a file has not the shape or the type of packed rows.
        """
        path = directory / PACKED_ROWS_NAME
        rows = map_list(path, open_file=open_file)
        if len(rows) != n_galaxies or rows.dtype != packed_dtype(_counts(rows.dtype)):
            raise ManifestError(
                f"{path}: {len(rows):,} rows of {rows.dtype.itemsize} bytes, not packed rows of "
                f"{n_galaxies:,} galaxies.",
                path=path,
            )
        texts = map_list(directory / PACKED_TEXTS_NAME, open_file=open_file)
        if texts.dtype != TEXT_DTYPE:
            path = directory / PACKED_TEXTS_NAME
            raise ManifestError(f"{path}: {texts.dtype}, not records of texts.", path=path)
        n_bytes = int(texts["end"][-1]) if len(texts) else 0
        content = map_array(
            directory / PACKED_TEXT_BYTES_NAME, (n_bytes,), np.dtype("u1"), open_file=open_file
        )
        return cls(path, rows, texts, content)

    @property
    def counts(self) -> PackedCounts:
        """The number of columns of each width."""
        return _counts(self.rows.dtype)

    def at(self, rows: Rows) -> npt.NDArray[Any]:
        """Packed rows by their number, shape (m,).

        Raises
        ------
        ManifestError
            Where a row has another CRC-32 than was written with it.
        """
        found = self.rows[rows]
        checked = found.dtype.itemsize - 4
        content = found.tobytes()
        starts = range(0, len(content), found.dtype.itemsize)
        crcs = [zlib.crc32(content[start : start + checked]) for start in starts]
        wrong = np.flatnonzero(found["crc"] != np.array(crcs, np.uint32))
        if len(wrong):
            raise ManifestError(
                f"{self.path}: row {rows[wrong[0]]:,} is damaged: it has another CRC-32 than was "
                "written with it.",
                path=self.path,
            )
        return found

    def texts_at(self, numbers: npt.NDArray[np.int64]) -> list[str]:
        """Texts by their number.

        Raises
        ------
        ManifestError
            Where a text is damaged, or there is none with a number.
        """
        if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(self.texts):
            raise ManifestError(f"{self.path}: it names texts that are not there.", path=self.path)
        ends = self.texts["end"][numbers]
        starts = np.where(numbers > 0, self.texts["end"][numbers - 1], 0)
        crcs = self.texts["crc"][numbers]
        found = []
        for start, end, crc in zip(starts.tolist(), ends.tolist(), crcs.tolist(), strict=True):
            content = self.text_bytes[max(start, 0) : max(end, 0)].tobytes()
            if len(content) != end - start or zlib.crc32(content) != crc:
                path = self.path.with_name(PACKED_TEXTS_NAME)
                raise ManifestError(f"{path}: a text is damaged.", path=path)
            found.append(content.decode())
        return found


def _counts(dtype: np.dtype[Any]) -> PackedCounts:
    """The number of columns of each width in a data type, all 0 if it is none of packed rows."""
    if dtype.names is None or dtype.fields is None:
        return PackedCounts(0, 0, 0, 0)
    shapes = [dtype.fields[name][0].shape for name in dtype.names[:4]]
    return PackedCounts(*(shape[0] if len(shape) == 1 else 0 for shape in [*shapes, *[()] * 4][:4]))
