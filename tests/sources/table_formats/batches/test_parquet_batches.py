"""Parquet tables are read by columns and batches."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.sources.table_formats.batches.parquet_batches import ParquetBatches


class CountingFile(io.BytesIO):
    """A file in memory that counts the bytes that are read from it."""

    n_read = 0

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        self.n_read += len(content)
        return content


def test_only_the_wanted_columns_are_read() -> None:
    buffer = io.BytesIO()
    n = 20_000
    wide = pa.FixedSizeListArray.from_arrays(pa.array(range(8 * n), pa.float64()), 8)
    pq.write_table(pa.table({"id": range(n), "wide": wide}), buffer, compression="none")
    file = CountingFile(buffer.getvalue())
    table = ParquetBatches("t.parquet", file)
    assert sum(batch.num_rows for batch in table.batches(["id"], 4096)) == n
    assert file.n_read < len(buffer.getvalue()) / 3
