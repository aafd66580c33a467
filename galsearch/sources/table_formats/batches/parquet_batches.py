"""Parquet tables, of which the pages of the wanted columns are read batch by batch."""

from collections.abc import Iterator, Sequence
from typing import IO

import pyarrow as pa

from galsearch.core.errors import SourceError
from galsearch.files.parquet_input import damage_named, open_parquet
from galsearch.sources.table_formats.batches.batched_table import require_known


class ParquetBatches:
    """A Parquet table that is open for reading; see `BatchedTable`."""

    def __init__(self, url: str, file: IO[bytes]) -> None:
        self.url = url
        self._file = open_parquet(pa.PythonFile(file, mode="r"), SourceError, name=url)
        self.schema: pa.Schema = self._file.schema_arrow

    def batches(self, columns: Sequence[str], n_rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of the table in order, at most `n_rows` at a time, with some columns."""
        require_known(self, columns)
        with damage_named(self.url, SourceError):
            for batch in self._file.iter_batches(batch_size=n_rows, columns=list(columns)):
                yield batch.select(list(columns))
