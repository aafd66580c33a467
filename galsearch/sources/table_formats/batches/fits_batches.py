"""The first binary table of a FITS file, of which a range of rows is read at a time."""

from collections.abc import Iterator, Sequence
from typing import IO

import pyarrow as pa

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import FitsFile
from galsearch.sources.fits.hdu import list_hdus
from galsearch.sources.table_formats.batches.batched_table import (
    arrow_column,
    arrow_type,
    require_known,
)


class FitsBatches:
    """The first binary table of a FITS file that is open for reading; see `BatchedTable`."""

    def __init__(self, url: str, file: IO[bytes]) -> None:
        self.url = url
        self._file = FitsFile(url, file, list_hdus(url, file))
        tables = [hdu for hdu in self._file.hdus if hdu.is_table]
        if not tables:
            names = ", ".join(name or "(unnamed)" for name in self._file.names)
            raise SourceError(f"{url}: holds no table. HDUs: {names}.")
        self._hdu = tables[0]
        self.n_rows = self._hdu.header.count("NAXIS2")
        empty = self._file.table_rows(self._hdu, 0, 0)
        types = {name: arrow_type(v.dtype, v.shape[1:]) for name, v in empty.items()}
        self.schema: pa.Schema = pa.schema(
            [(name, kind) for name, kind in types.items() if kind is not None]
        )

    def batches(self, columns: Sequence[str], n_rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of the table in order, at most `n_rows` at a time, with some columns."""
        require_known(self, columns)
        for start in range(0, self.n_rows, n_rows):
            stop = min(start + n_rows, self.n_rows)
            values = self._file.table_rows(self._hdu, start, stop, columns)
            arrays = [arrow_column(values[name]) for name in columns]
            yield pa.RecordBatch.from_arrays(arrays, names=list(columns))
