"""Reading of FITS files: their list of HDUs, and the data of requested HDUs.

Only requested HDUs are read, since the resolution matrices of a DESI coadd take eleven times the
space of its flux. A file that is cut short or damaged is an error, while astropy only warns.
Compressed images are decompressed by astropy.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.fits.binary_table import column_formats, decode_table, rescale
from galsearch.sources.fits.hdu import BLOCK_BYTES, Hdu, image_dtype, list_hdus
from galsearch.sources.urls import open_url

_MANY_BOXES = 64
"""Number of image sections above which a compressed image is decompressed as a whole. That takes
0.2 s for a brick of 3600 x 3600 pixels, against 3 ms for the tiles of one stamp."""
_COMPRESSION_KEY = re.compile(r"(XTENSION|BITPIX|NAXIS|PCOUNT|GCOUNT|T|Z|BZERO|BSCALE)[A-Z0-9]*$")
"""Pattern of the keywords that describe the compression of an image."""
_COMPRESSIONS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")
_DECOMPRESSION_ERRORS = (
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError),
    *(OSError, RuntimeError, MemoryError, ZeroDivisionError, fits.VerifyError),
)
"""Exceptions that astropy raises for a damaged compressed image, depending on the damage."""


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
        """Values (slowest axis first) of an image HDU, scaled by BSCALE and BZERO."""
        if hdu.is_compressed:
            with self._decompressed(hdu) as opened_hdu:
                return _native(opened_hdu.data)
        stored = np.frombuffer(self._bytes(hdu), dtype=image_dtype(hdu.header))
        scale, zero = hdu.header.number("BSCALE", 1), hdu.header.number("BZERO", 0)
        return rescale(_native(stored.reshape(hdu.shape)), scale, zero)

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
            return [_native(opened_hdu.section[box]) for box in boxes]

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

    def _bytes(self, hdu: Hdu) -> bytes:
        self._file.seek(hdu.data_start)
        content: bytes = self._file.read(hdu.data_end - hdu.data_start)
        if len(content) != hdu.data_end - hdu.data_start:
            raise SourceError(
                f"{self.url}: received {len(content)} of the {hdu.data_end - hdu.data_start} bytes "
                f"of HDU {hdu.name}."
            )
        return content

    @contextmanager
    def _decompressed(self, hdu: Hdu) -> Iterator[Any]:
        """A compressed image as astropy's CompImageHDU, with only the cards that astropy needs."""
        where = f"{self.url}: compressed image {hdu.name or '(unnamed)'}"
        hdu.header.choice("ZCMPTYPE", _COMPRESSIONS)
        column_formats(hdu.header, where=where)
        alone = fits.Header()
        for keyword in hdu.header.keywords():
            if _COMPRESSION_KEY.match(keyword):
                alone[keyword] = hdu.header.get(keyword)
        text: str = fits.PrimaryHDU().header.tostring() + alone.tostring()
        data = self._bytes(hdu)
        content = text.encode() + data + bytes(-len(data) % BLOCK_BYTES)
        try:
            with fits.open(io.BytesIO(content)) as opened:
                yield opened[1]
        except _DECOMPRESSION_ERRORS as error:
            raise SourceError(f"{where} is damaged ({error}).") from error


def _native(array: Any) -> npt.NDArray[Any]:
    plain = np.asarray(array)
    return np.array(plain, dtype=plain.dtype.newbyteorder("="))
