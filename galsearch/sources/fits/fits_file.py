"""Reading of FITS files: their list of HDUs, and the data of requested HDUs.

Only requested HDUs are read, since the resolution matrices of a DESI coadd take eleven times the
space of its flux. A file that is cut short or damaged is an error, while astropy only warns.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import SourceError
from galsearch.sources.fits.binary_table import decode_table, rescale
from galsearch.sources.fits.compressed_image import decompressed
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.hdu import Hdu, image_dtype, list_hdus
from galsearch.sources.urls import open_url

_MANY_BOXES = 64
"""Number of image sections above which a compressed image is decompressed as a whole. That takes
0.2 s for a brick of 3600 x 3600 pixels, against 3 ms for the tiles of one stamp."""


@contextmanager
def open_fits(url: str) -> Iterator["FitsFile"]:
    """The FITS file at a path or URL, opened after a check that every HDU is complete.

    Raises
    ------
    SourceError
        Where the file is missing, not a FITS file, or cut short.
    """
    with open_url(url) as file:
        yield FitsFile(url, file, list_hdus(url, file))


class FitsFile:
    """An open FITS file. HDUs are found by EXTNAME, since surveys do not promise their order."""

    def __init__(self, url: str, file: IO[bytes], hdus: list[Hdu]) -> None:
        self.url = url
        self.hdus = hdus
        self._file = file

    @property
    def names(self) -> list[str]:
        """EXTNAME of every HDU, in the order of the file."""
        return [hdu.name for hdu in self.hdus]

    def find(self, name: str, *, file_kind: str) -> Hdu:
        """The HDU whose EXTNAME is `name`.

        Parameters
        ----------
        name
            EXTNAME in upper case.
        file_kind
            Kind of file that has such an HDU, for the message, such as 'a redrock file'.

        Raises
        ------
        SourceError
            Where the file has no such HDU.
        """
        for hdu in self.hdus:
            if hdu.name == name:
                return hdu
        found = ", ".join(name or "(unnamed)" for name in self.names)
        raise SourceError(
            f"{self.url}: HDU {name} is missing, so this is not {file_kind}. It holds: {found}."
        )

    def image(self, hdu: Hdu) -> npt.NDArray[Any]:
        """Values (slowest axis first) of an image HDU, scaled by BSCALE and BZERO.

        Pixels of integers that equal BLANK are NaN.
        """
        if hdu.is_compressed:
            with self._decompressed(hdu) as opened_hdu:
                return _physical(hdu.header, _native(opened_hdu.data))
        content, dtype = self._bytes(hdu), image_dtype(hdu.header)
        shape = hdu.shape or (0,)
        size = math.prod(shape)
        if len(content) < size * dtype.itemsize:
            raise SourceError(
                f"{self.url}: HDU {hdu.name} has {len(content)} bytes; its shape {shape} "
                f"needs {size * dtype.itemsize}."
            )
        stored = np.frombuffer(content, dtype=dtype, count=size)
        return _physical(hdu.header, _native(stored.reshape(shape)))

    def image_section(self, hdu: Hdu, boxes: Sequence[tuple[slice, slice]]) -> list[Any]:
        """Values of rectangular sections of a two-dimensional image HDU.

        Only the tiles that a section touches are decompressed, unless there are many sections.

        Parameters
        ----------
        hdu
            HDU of the image.
        boxes
            Slices (rows, columns) of each section.
        """
        if not boxes:
            return []
        if not hdu.is_compressed or len(boxes) > _MANY_BOXES:
            whole = self.image(hdu)
            return [whole[box] for box in boxes]
        with self._decompressed(hdu) as opened_hdu:
            return [_physical(hdu.header, _native(opened_hdu.section[box])) for box in boxes]

    def table(self, hdu: Hdu, columns: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
        """Columns of a table HDU by name, in native byte order, text without padding.

        Parameters
        ----------
        hdu
            HDU of the table.
        columns
            Names of the wanted columns; None for all. Names that the table lacks are ignored,
            since the columns of DESI vary by release.
        """
        where = f"{self.url}: table {hdu.name or '(unnamed)'}"
        if not hdu.is_table:
            raise SourceError(f"{where} is not a binary table.")
        return decode_table(hdu.header, self._bytes(hdu), columns, where=where)

    def table_rows(
        self, hdu: Hdu, start: int, stop: int, columns: Sequence[str] | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """Columns of the rows `start` to `stop - 1` of a table HDU, as `table` returns them.

        Only these rows are read from the file.
        """
        row_bytes = hdu.header.count("NAXIS1")
        content = self._bytes(hdu, start * row_bytes, (stop - start) * row_bytes)
        where = f"{self.url}: table {hdu.name or '(unnamed)'}"
        return decode_table(hdu.header, content, columns, where=where, n_rows=stop - start)

    def _bytes(self, hdu: Hdu, first: int = 0, n_bytes: int | None = None) -> bytes:
        """Bytes of the data of an HDU from byte `first` on, by default to its end."""
        n_bytes = hdu.data_end - hdu.data_start - first if n_bytes is None else n_bytes
        self._file.seek(hdu.data_start + first)
        content: bytes = self._file.read(n_bytes)
        if len(content) != n_bytes:
            raise SourceError(
                f"{self.url}: received {len(content)} of the {n_bytes} bytes of HDU {hdu.name}."
            )
        return content

    def _decompressed(self, hdu: Hdu) -> AbstractContextManager[Any]:
        where = f"{self.url}: compressed image {hdu.name or '(unnamed)'}"
        return decompressed(hdu, self._bytes(hdu), where=where)


def _physical(header: Header, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values of an image from its stored values: scaled, and NaN where they are BLANK."""
    scale, zero = header.number("BSCALE", 1), header.number("BZERO", 0)
    values = rescale(stored, scale, zero, where=header.label("EXTNAME", "image"))
    key = "BLANK" if "BLANK" in header else "ZBLANK"
    if stored.dtype.kind not in "iu" or header.get(key) is None:
        return values
    real = values.astype(np.float32 if stored.itemsize <= 2 else np.float64)
    real[stored == header.number(key, 0)] = np.nan
    return real


def _native(array: Any) -> npt.NDArray[Any]:
    plain = np.asarray(array)
    return np.array(plain, dtype=plain.dtype.newbyteorder("="))
