"""Columns from packed catalogue rows, as arrays of Arrow or as lists of Python values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import Rows
from galsearch.core.errors import ManifestError
from galsearch.formats.columns.plain_columns import plain_lists
from galsearch.index.vectors.packed_layout import packed_columns, packed_counts
from galsearch.index.vectors.packed_rows import WIDTHS_BYTES, PackedRows

KNOWN_TEXTS = 1 << 16
"""Largest number of texts that stay in memory once they were read."""
_BOOLEAN = pa.bool_()
_DTYPES = {
    pa.bool_(): "?",
    pa.int8(): "i1",
    pa.int16(): "<i2",
    pa.int32(): "<i4",
    pa.int64(): "<i8",
    pa.uint8(): "u1",
    pa.uint16(): "<u2",
    pa.uint32(): "<u4",
    pa.float32(): "<f4",
    pa.float64(): "<f8",
}
"""Types whose values are read without Arrow."""


class PackedColumnReader:
    """Reads the columns of some packed rows; safe to share between threads.

    Parameters
    ----------
    packed
        The rows.
    schema
        Schema of the Parquet file beside them, from which the layout of the rows follows.

    Raises
    ------
    ManifestError
        Where the rows have another layout.
    """

    def __init__(self, packed: PackedRows, schema: pa.Schema) -> None:
        self._packed = packed
        self._columns = packed_columns(schema)
        counts = packed_counts(self._columns)
        if packed.counts != counts:
            raise ManifestError(
                f"{packed.path}: rows with {tuple(packed.counts)} values of 8, 4, 2 and 1 bytes, "
                f"and {tuple(counts)} for the columns of the catalogue beside it.",
                path=packed.path,
            )
        self.names = [column.field.name for column in self._columns]
        """Names of the packed columns, in the order of the catalogue."""
        self._texts = _KnownTexts(packed)
        self._places = [
            (i, column.field.type, column.width_bytes, column.position, column.is_text)
            for i, column in enumerate(self._columns)
        ]
        self._of_width = {
            width: [i for i, column in enumerate(self._columns) if column.width_bytes == width]
            for width in WIDTHS_BYTES
        }
        # One conversion of all columns of a type takes less than one of each column.
        of_kind: dict[pa.DataType, list[int]] = defaultdict(list)
        for i, column in enumerate(self._columns):
            of_kind[column.field.type].append(i)
        self._of_kind = list(of_kind.items())

    def arrays(self, rows: Rows) -> list[pa.Array]:
        """The values of each packed column in some rows, in the types of the catalogue.

        Raises
        ------
        ManifestError
            Where one of the rows or one of their texts is damaged.
        """
        block = _Block(self._packed.at(rows), len(self._columns))
        n = len(rows)
        # All columns of a type are parts of one array, because making an array takes longer than
        # slicing one.
        joined: dict[pa.DataType, pa.Array] = {}
        arrays = []
        for i, kind, width, position, is_text in self._places:
            if is_text:
                texts = self._texts.at(block.values[8][position])
                shown = texts if block.complete[i] else _masked(texts, block.present[i])
                arrays.append(pa.array(shown, kind))
                continue
            if kind not in joined:
                joined[kind] = self._joined(block, kind, width)
            arrays.append(joined[kind].slice(position * n, n))
        return arrays

    def _joined(self, block: "_Block", kind: pa.DataType, width: int) -> pa.Array:
        """The columns of one width one after the other, as if they were all of one type."""
        values = block.values[width]
        data = _bitmap(values) if kind == _BOOLEAN else pa.py_buffer(values)
        columns = self._of_width[width]
        complete = all(block.complete[i] for i in columns)
        validity = None if complete else _bitmap(block.present[columns])
        return pa.Array.from_buffers(kind, values.size, [validity, data])

    def lists(self, rows: Rows) -> list[Sequence[Any]]:
        """The values of each packed column in some rows: None where one is missing.

        They have the types of `galsearch.formats.columns.plain_columns.plain_type`; numbers of
        32 bits with decimals are of NumPy.

        Raises
        ------
        ManifestError
            Where one of the rows or one of their texts is damaged.
        """
        block = _Block(self._packed.at(rows), len(self._columns))
        found: list[Sequence[Any]] = [()] * len(self._columns)
        for kind, columns in self._of_kind:
            for i, values in zip(columns, self._values(block, kind, columns), strict=True):
                found[i] = values if block.complete[i] else _masked(values, block.present[i])
        return found

    def _values(
        self, block: "_Block", kind: pa.DataType, columns: Sequence[int]
    ) -> Iterable[Sequence[Any]]:
        """The values of columns of one type; any value where one is missing."""
        _, _, width, _, is_text = self._places[columns[0]]
        positions = [self._places[i][3] for i in columns]
        if is_text:
            return (self._texts.at(block.values[width][position]) for position in positions)
        dtype = _DTYPES.get(kind)
        if dtype is None:
            return (self._converted(block, i) for i in columns)
        numbers = block.values[width][positions].view(dtype)
        if dtype == "<f4":
            return map(list, numbers)
        lists: list[list[Any]] = numbers.tolist()
        return lists

    def _converted(self, block: "_Block", i: int) -> Sequence[Any]:
        """The values of a column whose type has no counterpart in Python."""
        _, kind, width, position, _ = self._places[i]
        data = pa.py_buffer(block.values[width][position])
        column = pa.Array.from_buffers(
            kind, block.present.shape[1], [_bitmap(block.present[i]), data]
        )
        return plain_lists(pa.table([column], names=["column"]))[0]


class _Block:
    """The values of some rows, column by column."""

    def __init__(self, rows: npt.NDArray[Any], n_columns: int) -> None:
        self.values = {
            width: np.ascontiguousarray(rows[name].T)
            for name, width in zip(rows.dtype.names or (), WIDTHS_BYTES, strict=False)
        }
        """Values by their width, each of shape (number of columns of the width, n)."""
        present = np.unpackbits(rows["present"], axis=1, count=n_columns, bitorder="little")
        self.present = present.T
        """1 where a value is there, shape (number of columns, n)."""
        self.complete: list[bool] = np.all(present, axis=0).tolist()
        """True for each column without a missing value."""


class _KnownTexts:
    """The texts of a catalogue, of which those that were read stay in memory up to a limit."""

    def __init__(self, packed: PackedRows) -> None:
        self._packed = packed
        self._known: dict[int, str] = {}

    def at(self, numbers: npt.NDArray[np.uint64]) -> list[str]:
        """Texts by their number."""
        wanted = numbers.tolist()
        known = self._known
        try:
            return [known[number] for number in wanted]
        except KeyError:
            different = np.unique(numbers).astype(np.int64)
            read = dict(zip(different.tolist(), self._packed.texts_at(different), strict=True))
        if len(read) <= KNOWN_TEXTS:
            # A new dictionary, because other threads may read the present one.
            fits = len(read) + len(known) <= KNOWN_TEXTS
            self._known = {**known, **read} if fits else read
        return [read[number] for number in wanted]


def _masked(values: Sequence[Any], present: npt.NDArray[np.uint8]) -> list[Any]:
    pairs = zip(values, present.tolist(), strict=True)
    return [value if is_there else None for value, is_there in pairs]


def _bitmap(bits: npt.NDArray[np.uint8]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(bits, bitorder="little"))
