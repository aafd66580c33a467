"""Rows that wait in memory or a temporary file, for formats whose header depends on all rows."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import pyarrow as pa

_MOST_IN_MEMORY_BYTES = 1 << 26
"""Size up to which rows wait in memory; more need a directory for temporary files."""


class TableSpool:
    """Tables of one schema that wait, which can be read several times."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __iter__(self) -> Iterator[pa.Table]:
        """The tables in the order in which they were written, one in memory at a time."""
        self._file.seek(0)
        with pa.ipc.open_stream(pa.PythonFile(self._file, "r")) as reader:
            for batch in reader:
                yield pa.Table.from_batches([batch])


@contextmanager
def spooled(schema: pa.Schema, chunks: Iterable[pa.Table]) -> Iterator[TableSpool]:
    """A context manager for the tables of an iterator, which can then be read several times.

    Examples
    --------
    >>> table = pa.table({"a": [1, 2]})
    >>> with spooled(table.schema, iter([table, table])) as spool:
    ...     [part["a"].to_pylist() for part in spool], sum(len(part) for part in spool)
    ([[1, 2], [1, 2]], 4)
    """
    with tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY_BYTES) as file:
        with pa.ipc.new_stream(pa.PythonFile(file, "w"), schema) as writer:
            for chunk in chunks:
                writer.write(chunk.combine_chunks())
        yield TableSpool(file)
