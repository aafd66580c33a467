"""Reading of FITS files: a list of the HDUs, and the data of those that are requested.

Only requested HDUs are read, since the resolution matrices of a DESI coadd take eleven times the
space of its flux. A file that is cut short or damaged is an error, while astropy only warns.
Compressed images are decompressed by astropy.
"""

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.fits.binary_table import column_formats, decode_table, rescale
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.urls import open_url

_BLOCK = 2880
_MAX_HEADER_BLOCKS = 1000
_MANY_BOXES = 64
"""Number of boxes above which a compressed image is decompressed as a whole: 0.2 s for a brick of
3600 x 3600 pixels, against 3 ms for the tiles of one stamp."""
_IMAGE_TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_COMPRESSION_KEY = re.compile(r"(XTENSION|BITPIX|NAXIS|PCOUNT|GCOUNT|T|Z|BZERO|BSCALE)[A-Z0-9]*$")
"""Keywords that describe how an image is compressed."""
_COMPRESSIONS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")
_DECOMPRESSION_ERRORS = (
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError),
    *(OSError, RuntimeError, MemoryError, ZeroDivisionError, fits.VerifyError),
)
"""Exceptions of astropy for a damaged compressed image, depending on where it is damaged."""


@dataclass(frozen=True, eq=False)
class Hdu:
    """A header and data unit: its name, header and position in the file."""

    name: str
    """EXTNAME in upper case; PRIMARY for the first HDU, '' for an extension without EXTNAME."""
    header: Header
    data_start: int
    """Offset in bytes of the first byte of the data."""
    data_end: int
    """Offset in bytes of the end of the data, without padding."""

    @property
    def is_table(self) -> bool:
        """True for a binary table that is not a compressed image."""
        return self.header.get("XTENSION") == "BINTABLE" and not self.is_compressed

    @property
    def is_compressed(self) -> bool:
        """True for an image that is compressed in tiles (.fits.fz)."""
        return self.header.get("ZIMAGE", False) is True

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image, slowest axis first; () for a table and for an HDU without data."""
        if self.is_table:
            return ()
        axes = "ZNAXIS" if self.is_compressed else "NAXIS"
        return tuple(self.header.count(f"{axes}{n}") for n in range(self.header.count(axes), 0, -1))


@contextmanager
def open_fits(url: str) -> Iterator["FitsFile"]:
    """The FITS file at a path or URL, after a check that every HDU is complete.

    Raises
    ------
    SourceError
        Where the file is missing, not a FITS file, or cut short.
    """
    with open_url(url) as file:
        yield FitsFile(url, file, _scan(url, file))


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
            Where there is no such HDU.
        """
        for hdu in self.hdus:
            if hdu.name == name:
                return hdu
        found = ", ".join(name or "(unnamed)" for name in self.names)
        raise SourceError(
            f"{self.url}: HDU {name} is missing, so this is not {file_kind}. It holds: {found}."
        )

    def image(self, hdu: Hdu) -> npt.NDArray[Any]:
        """The values of an image HDU in native byte order, scaled by BSCALE and BZERO."""
        if hdu.is_compressed:
            with self._decompressed(hdu) as opened_hdu:
                return _native(opened_hdu.data)
        stored = np.frombuffer(self._bytes(hdu), dtype=_image_type(hdu.header))
        scale, zero = hdu.header.number("BSCALE", 1), hdu.header.number("BZERO", 0)
        return rescale(_native(stored.reshape(hdu.shape)), scale, zero)

    def image_section(self, hdu: Hdu, boxes: Sequence[tuple[slice, slice]]) -> list[Any]:
        """Rectangular sections of a two-dimensional image, in native byte order.

        Only the tiles that a section touches are decompressed, unless there are many sections.

        Parameters
        ----------
        hdu
            HDU of the image.
        boxes
            Slices of rows and columns of each section.
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
        """The HDU as astropy's CompImageHDU, in a file in memory with only the cards it needs."""
        where = f"{self.url}: compressed image {hdu.name or '(unnamed)'}"
        hdu.header.choice("ZCMPTYPE", _COMPRESSIONS)
        column_formats(hdu.header, where=where)
        alone = fits.Header()
        for keyword in hdu.header.keywords():
            if _COMPRESSION_KEY.match(keyword):
                alone[keyword] = hdu.header.get(keyword)
        text: str = fits.PrimaryHDU().header.tostring() + alone.tostring()
        data = self._bytes(hdu)
        content = text.encode() + data + bytes(-len(data) % _BLOCK)
        try:
            with fits.open(io.BytesIO(content)) as opened:
                yield opened[1]
        except _DECOMPRESSION_ERRORS as error:
            raise SourceError(f"{where} is damaged ({error}).") from error


def _scan(url: str, file: IO[bytes]) -> list[Hdu]:
    """All HDUs of a file, from their headers."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    begin = file.read(60)
    if not begin.startswith(b"SIMPLE  ="):
        text = begin.decode("ascii", errors="replace").strip()
        found = f"it begins {text!r}" if size else "it is empty"
        raise SourceError(f"{url}: not a FITS file: {found}, where 'SIMPLE  =' is expected.")
    hdus: list[Hdu] = []
    position = 0
    while position < size:
        file.seek(position)
        text = _header_text(url, file, len(hdus))
        if hdus and not text.startswith("XTENSION"):
            break  # special records or padding may follow the last HDU (FITS 4.0, section 3.5)
        hdu = _locate(url, text, len(hdus), position)
        if hdu.data_end > size:
            raise SourceError(
                f"{url}: cut short: HDU {len(hdus)} ({hdu.name or 'unnamed'}) ends at byte "
                f"{hdu.data_end}, the file at {size}."
            )
        hdus.append(hdu)
        position = hdu.data_end + -hdu.data_end % _BLOCK
    return hdus


def _header_text(url: str, file: IO[bytes], number: int) -> str:
    """The header that starts at the current position; '' where no extension starts there."""
    blocks: list[str] = []
    while len(blocks) < _MAX_HEADER_BLOCKS:
        block = file.read(_BLOCK)
        if number and not blocks and not block.startswith(b"XTENSION"):
            return ""
        if len(block) < _BLOCK:
            raise SourceError(f"{url}: cut short: the header of HDU {number} ends without END.")
        try:
            blocks.append(block.decode("ascii"))
        except UnicodeDecodeError:
            raise SourceError(
                f"{url}: the header of HDU {number} is damaged: it holds bytes that are not text."
            ) from None
        if any(blocks[-1].startswith("END     ", card) for card in range(0, _BLOCK, 80)):
            return "".join(blocks)
    raise SourceError(
        f"{url}: the header of HDU {number} is damaged: no END in {_MAX_HEADER_BLOCKS} blocks."
    )


def _locate(url: str, text: str, number: int, start: int) -> Hdu:
    """The HDU with this header, which starts at byte `start`."""
    where = f"{url}: HDU {number}"
    header = Header(text, where=where)
    axes = [header.count(f"NAXIS{axis + 1}") for axis in range(header.count("NAXIS"))]
    n_values = header.count("PCOUNT", 0) + (math.prod(axes) if axes else 0)
    width = _image_type(header).itemsize
    name = header.label("EXTNAME", "" if number else "PRIMARY").upper()
    data_start = start + len(text)
    data_end = data_start + width * header.count("GCOUNT", 1) * n_values
    return Hdu(name, header, data_start, data_end)


def _image_type(header: Header) -> np.dtype[Any]:
    return np.dtype(_IMAGE_TYPES[int(header.choice("BITPIX", _IMAGE_TYPES))])


def _native(array: Any) -> npt.NDArray[Any]:
    plain = np.asarray(array)
    return np.array(plain, dtype=plain.dtype.newbyteorder("="))
