"""Parquet files of any number of rows, written a chunk of rows at a time."""

from collections.abc import Iterable
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq


def write_parquet(schema: pa.Schema, chunks: Iterable[pa.Table], sink: BinaryIO) -> None:
    """Write a Parquet file: every type, missing value and NaN is kept, and units as metadata.

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
        for chunk in chunks:
            writer.write(chunk)
