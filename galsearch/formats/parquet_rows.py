"""Parquet files of any number of rows, written a chunk of rows at a time."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

LEAST_ROWS = 1 << 16
"""Smallest number of rows of a row group but the last: small ones are slow to read."""


def write_parquet(schema: pa.Schema, chunks: Iterable[pa.Table], sink: BinaryIO) -> None:
    """Write a Parquet file: every type, missing value and NaN is kept, and units as metadata.

    Chunks of few rows are put together to row groups of `LEAST_ROWS` or more.

    Parameters
    ----------
    schema
        Schema of the rows.
    chunks
        The rows, in tables of this schema.
    sink
        An open binary file.
    """
    with pq.ParquetWriter(sink, schema) as writer:
        for table in _row_groups(chunks):
            writer.write_table(table, row_group_size=max(1, len(table)))


def _row_groups(chunks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    for chunk in chunks:
        waiting.append(chunk)
        if sum(map(len, waiting)) >= LEAST_ROWS:
            yield pa.concat_tables(waiting)
            waiting.clear()
    if waiting:
        yield pa.concat_tables(waiting)
