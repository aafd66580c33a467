"""FITS as it comes over the wire: which HDUs are there, whole or not, and what each one holds.

Only the HDUs that are asked for are read: the resolution matrices of a DESI coadd are eleven
times its flux. A file cut short or damaged is an error here, where astropy would warn and go on;
astropy unpacks the compressed images.
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
"""Above this a 3600 x 3600 brick is unpacked once, 0.2 s; below, a stamp's tiles, 3 ms each."""
_IMAGE_TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_UNPACKING_KEY = re.compile(r"(XTENSION|BITPIX|NAXIS|PCOUNT|GCOUNT|T|Z|BZERO|BSCALE)[A-Z0-9]*$")
"""The cards that say how an image is compressed."""
_COMPRESSIONS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")
_UNPACKING_ERRORS = (
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, OverflowError),
    *(OSError, RuntimeError, MemoryError, ZeroDivisionError, fits.VerifyError),
)
"""What astropy raises, depending on where a compressed image is damaged."""


@dataclass(frozen=True, eq=False)
class Hdu:
    """One header and data unit, and where its bytes lie."""

    name: str
    """EXTNAME in upper case; PRIMARY for the first, '' where an extension has none."""
    header: Header
    data_start: int
    """Byte offsets within the file."""
    data_end: int

    @property
    def is_table(self) -> bool:
        """A binary table, and not an image compressed into one."""
        return self.header.get("XTENSION") == "BINTABLE" and not self.is_compressed

    @property
    def is_compressed(self) -> bool:
        """An image compressed tile by tile (.fits.fz)."""
        return self.header.get("ZIMAGE", False) is True

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image it holds, slowest axis first; () for none and for a table."""
        if self.is_table:
            return ()
        axes = "ZNAXIS" if self.is_compressed else "NAXIS"
        return tuple(self.header.count(f"{axes}{n}") for n in range(self.header.count(axes), 0, -1))


@contextmanager
def open_fits(url: str) -> Iterator["FitsFile"]:
    """The FITS file at a path or URL, its HDUs listed and known to be whole.

    Raises
    ------
    SourceError
        Where the file is missing, not FITS or cut short.
    """
    with open_url(url) as file:
        yield FitsFile(url, file, _scan(url, file))


class FitsFile:
    """An open FITS file whose HDUs are asked for by EXTNAME: their order is promised nowhere."""

    def __init__(self, url: str, file: IO[bytes], hdus: list[Hdu]) -> None:
        self.url = url
        self.hdus = hdus
        self._file = file

    @property
    def names(self) -> list[str]:
        """EXTNAME of every HDU, in file order."""
        return [hdu.name for hdu in self.hdus]

    def find(self, name: str, *, of: str) -> Hdu:
        """The HDU called `name`; `of` says, for the error, what kind of file should have it."""
        for hdu in self.hdus:
            if hdu.name == name:
                return hdu
        found = ", ".join(name or "(unnamed)" for name in self.names)
        raise SourceError(
            f"{self.url}: HDU {name} is missing, so this is not {of}. It holds: {found}."
        )

    def image(self, hdu: Hdu) -> npt.NDArray[Any]:
        """The values of an image HDU in native byte order, scaled as its header says."""
        if hdu.is_compressed:
            with self._unpacked(hdu) as unpacked:
                return _native(unpacked.data)
        stored = np.frombuffer(self._bytes(hdu), dtype=_image_type(hdu.header))
        scale, zero = hdu.header.number("BSCALE", 1), hdu.header.number("BZERO", 0)
        return rescale(_native(stored.reshape(hdu.shape)), scale, zero)

    def image_section(self, hdu: Hdu, boxes: Sequence[tuple[slice, slice]]) -> list[Any]:
        """Rectangles (rows, columns) out of a two-dimensional image, native byte order.

        Of a compressed image only the tiles that a rectangle touches are unpacked.
        """
        if not boxes:
            return []
        if not hdu.is_compressed or len(boxes) > _MANY_BOXES:
            whole = self.image(hdu)
            return [whole[box] for box in boxes]
        with self._unpacked(hdu) as unpacked:
            return [_native(unpacked.section[box]) for box in boxes]

    def table(self, hdu: Hdu, columns: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
        """Columns of a table HDU, name -> values in native byte order, text without padding.

        Of `columns` those that the table lacks are left out: DESI's vary by release. None is all.
        """
        where = f"{self.url}: table {hdu.name or '(unnamed)'}"
        if not hdu.is_table:
            raise SourceError(f"{where} is no binary table.")
        return decode_table(hdu.header, self._bytes(hdu), columns, where=where)

    def _bytes(self, hdu: Hdu) -> bytes:
        self._file.seek(hdu.data_start)
        content: bytes = self._file.read(hdu.data_end - hdu.data_start)
        if len(content) != hdu.data_end - hdu.data_start:
            raise SourceError(
                f"{self.url}: the server gave {len(content)} of the "
                f"{hdu.data_end - hdu.data_start} bytes of HDU {hdu.name}. Try again, or copy the "
                "file first."
            )
        return content

    @contextmanager
    def _unpacked(self, hdu: Hdu) -> Iterator[Any]:
        """The HDU as astropy's CompImageHDU, in a file of its own with the cards it needs."""
        where = f"{self.url}: compressed image {hdu.name or '(unnamed)'}"
        hdu.header.choice("ZCMPTYPE", _COMPRESSIONS)
        column_formats(hdu.header, where=where)
        alone = fits.Header()
        for keyword in hdu.header.keywords():
            if _UNPACKING_KEY.match(keyword):
                alone[keyword] = hdu.header.get(keyword)
        text: str = fits.PrimaryHDU().header.tostring() + alone.tostring()
        data = self._bytes(hdu)
        content = text.encode() + data + bytes(-len(data) % _BLOCK)
        try:
            with fits.open(io.BytesIO(content)) as opened:
                yield opened[1]
        except _UNPACKING_ERRORS as error:
            raise SourceError(f"{where} is damaged ({error}).") from error


def _scan(url: str, file: IO[bytes]) -> list[Hdu]:
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
            break  # what may follow the last HDU: special records and padding (FITS 4.0, 3.5)
        hdu = _locate(url, text, len(hdus), position)
        if hdu.data_end > size:
            raise SourceError(
                f"{url}: cut short: HDU {len(hdus)} ({hdu.name or 'unnamed'}) ends at byte "
                f"{hdu.data_end}, the file at {size}. Copy it again."
            )
        hdus.append(hdu)
        position = hdu.data_end + -hdu.data_end % _BLOCK
    return hdus


def _header_text(url: str, file: IO[bytes], number: int) -> str:
    blocks: list[str] = []
    while len(blocks) < _MAX_HEADER_BLOCKS:
        block = file.read(_BLOCK)
        if number and not blocks and not block.startswith(b"XTENSION"):
            return ""
        if len(block) < _BLOCK:
            raise SourceError(
                f"{url}: cut short: the header of HDU {number} ends without END. Copy it again."
            )
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
