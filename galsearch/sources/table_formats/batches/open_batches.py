"""Opening of a table of any size at a path or URL, whatever its format."""

from collections.abc import Iterator
from contextlib import contextmanager

from galsearch.core.errors import SourceError
from galsearch.files.content_kind import N_FIRST_BYTES, describe_content
from galsearch.sources.table_formats.batches.arrow_batches import (
    ARROW_FILE_MAGIC,
    ARROW_STREAM_MAGIC,
    ArrowBatches,
)
from galsearch.sources.table_formats.batches.batched_table import BatchedTable
from galsearch.sources.table_formats.batches.fits_batches import FitsBatches
from galsearch.sources.table_formats.batches.hdf5_batches import HDF5_MAGIC, Hdf5Batches
from galsearch.sources.table_formats.batches.parquet_batches import ParquetBatches
from galsearch.sources.urls import PARQUET_MAGIC, open_url

_MAGIC = (PARQUET_MAGIC, ARROW_FILE_MAGIC, ARROW_STREAM_MAGIC, HDF5_MAGIC)


@contextmanager
def open_batches(url: str) -> Iterator[BatchedTable]:
    """The table in a Parquet, Arrow, FITS or HDF5 file, which is read a batch at a time.

    The format is recognised by the first bytes, not by the name. Of a file at a URL only the bytes
    of the wanted columns are fetched where the format and the server allow that.

    Raises
    ------
    SourceError
        Where the file is missing, damaged, or of another kind.
    MissingExtraError
        Where the file is HDF5 and h5py is not installed.
    """
    with open_url(url, also=_MAGIC) as file:
        first_bytes = file.read(N_FIRST_BYTES)
        file.seek(0)
        if first_bytes.startswith(PARQUET_MAGIC):
            yield ParquetBatches(url, file)
        elif first_bytes.startswith((ARROW_FILE_MAGIC, ARROW_STREAM_MAGIC)):
            is_stream = first_bytes.startswith(ARROW_STREAM_MAGIC)
            yield ArrowBatches(url, file, is_stream=is_stream)
        elif first_bytes.startswith(HDF5_MAGIC):
            yield Hdf5Batches(url, file)
        elif first_bytes.startswith(b"SIMPLE  ="):
            yield FitsBatches(url, file)
        else:
            raise SourceError(
                f"{url}: is {describe_content(first_bytes)}; expected a table in Parquet, Arrow "
                "(IPC), FITS or HDF5."
            )
