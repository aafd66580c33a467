"""Tables in the IPC format of Arrow: files (also named Feather) and streams."""

from collections.abc import Iterator, Sequence
from typing import IO

import pyarrow as pa

from galsearch.core.errors import SourceError
from galsearch.files.parquet_input import damage_named
from galsearch.sources.table_formats.batches.batched_table import require_known

ARROW_FILE_MAGIC = b"ARROW1"
"""First bytes of a file of record batches with an index at its end."""
ARROW_STREAM_MAGIC = b"\xff\xff\xff\xff"
"""First bytes of a stream of record batches."""


class ArrowBatches:
    """A table in the IPC format of Arrow that is open for reading; see `BatchedTable`."""

    def __init__(self, url: str, file: IO[bytes], *, is_stream: bool) -> None:
        self.url = url
        with damage_named(url, SourceError):
            source = pa.PythonFile(file, mode="r")
            opened = pa.ipc.open_stream(source) if is_stream else pa.ipc.open_file(source)
            self.schema: pa.Schema = opened.schema
            # The names are decoded here, so that names that are not UTF-8 are refused here.
            _ = self.schema.names
        self._opened = opened
        self._is_stream = is_stream

    def batches(self, columns: Sequence[str], n_rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of the table in order, at most `n_rows` at a time, with some columns.

        A stream can be read once.
        """
        require_known(self, columns)
        with damage_named(self.url, SourceError):
            for batch in self._record_batches():
                for start in range(0, batch.num_rows, n_rows):
                    yield batch.select(list(columns)).slice(start, n_rows)

    def _record_batches(self) -> Iterator[pa.RecordBatch]:
        if self._is_stream:
            yield from self._opened
            return
        for number in range(self._opened.num_record_batches):
            yield self._opened.get_batch(number)
