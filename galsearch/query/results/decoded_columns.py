"""Columns of a catalogue file that are decoded from its Parquet row groups."""

import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Rows
from galsearch.core.errors import ManifestError
from galsearch.files.forks import ForkSafeLock
from galsearch.files.parquet_input import damage_named

CACHED_BYTES = max(256 << 20, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 8)
"""Memory that decoded parts of one catalogue may take, an eighth of the machine's; the least
recently used part is dropped. A million galaxies with 60 columns take about 400 MB, and decoding
them takes seconds: where they did not fit, every query would decode them again."""


class RowGroupCache:
    """Decoded row groups, of which the least recently used are dropped beyond `CACHED_BYTES`.

    Safe to share between threads, which decode outside the lock.
    """

    def __init__(self) -> None:
        self._lock = ForkSafeLock()
        self._groups: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()

    def get(self, key: tuple[int, int], decode: Callable[[], pa.Table]) -> pa.Table:
        """The row group of a segment, which is decoded if it is not there."""
        with self._lock:
            table = self._groups.get(key)
            if table is not None:
                self._groups.move_to_end(key)
                return table
        table = decode()
        with self._lock:
            self._groups[key] = table
            self._groups.move_to_end(key)
            # The part that was wanted last stays, however large it is.
            while len(self._groups) > 1 and self.n_bytes() > CACHED_BYTES:
                self._groups.popitem(last=False)
        return table

    def n_bytes(self) -> int:
        """Memory that the row groups take."""
        return sum(part.nbytes for part in self._groups.values())

    def __len__(self) -> int:
        """Number of row groups in memory."""
        return len(self._groups)


class ParquetColumns:
    """Reads rows of some columns of the Parquet file of one segment.

    Parameters
    ----------
    number
        Number of the segment.
    name
        Path of the file, for messages.
    open_file
        Opens the file at its beginning for nobody else.
    cache
        Row groups of all segments of the index.
    """

    def __init__(
        self,
        number: int,
        name: str,
        open_file: Callable[[], AbstractContextManager[Any]],
        cache: RowGroupCache,
    ) -> None:
        self.name = name
        self._number = number
        self._open_file = open_file
        self._cache = cache
        with open_file() as file, damage_named(name, ManifestError):
            opened = pq.ParquetFile(file)
            self.schema: pa.Schema = opened.schema_arrow.remove_metadata()
            self._metadata = opened.metadata
        counts = [self._metadata.row_group(i).num_rows for i in range(opened.num_row_groups)]
        self._starts = np.cumsum([0, *counts])
        self.n_rows: int = self._metadata.num_rows

    def take(self, rows: Rows, names: Sequence[str]) -> list[pa.Array]:
        """The values of some columns in some rows of the file.

        Every call must name the same columns.

        Raises
        ------
        ManifestError
            Where the file is damaged.
        """
        groups = np.searchsorted(self._starts, rows, side="right") - 1
        different = np.unique(groups)
        parts = [
            self._group(int(group), names).take(
                pa.array(rows[groups == group] - self._starts[group])
            )
            for group in different
        ]
        if len(parts) == 1:
            return [column.combine_chunks() for column in parts[0].columns]
        if not parts:
            return [pa.array([], self.schema.field(name).type) for name in names]
        order = pa.array(np.argsort(np.argsort(groups, kind="stable"), kind="stable"))
        return [column.combine_chunks() for column in pa.concat_tables(parts).take(order).columns]

    def _group(self, group: int, names: Sequence[str]) -> pa.Table:
        def decode() -> pa.Table:
            with self._open_file() as file, damage_named(self.name, ManifestError):
                opened = pq.ParquetFile(
                    file, metadata=self._metadata, page_checksum_verification=True
                )
                table = opened.read_row_group(group, columns=list(names))
                # A text must be valid UTF-8: it is checked here, not by every writer.
                table.validate(full=True)
            return table.select(list(names)).combine_chunks()

        return self._cache.get((self._number, group), decode)
