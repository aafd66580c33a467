"""Header and data units of a FITS file: their names, headers and positions in the file."""

import io
import math
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from galsearch.core.errors import SourceError
from galsearch.files.content_kind import N_FIRST_BYTES, describe_content
from galsearch.sources.fits.fits_header import Header

BLOCK_BYTES = 2880
"""Size in bytes of a FITS block; headers and data units are padded to a multiple of it."""
_MAX_HEADER_BLOCKS = 1000
_BINARY_TABLES = ("BINTABLE", "A3DTABLE")
"""Values of XTENSION for a binary table; the second is that of files before 1994."""
_IMAGE_TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


@dataclass(frozen=True, eq=False)
class Hdu:
    """A header and data unit: its name, header and position in the file."""

    name: str
    """EXTNAME in upper case; PRIMARY for the first HDU, '' for an extension without EXTNAME."""
    header: Header
    data_start: int
    """Offset in the file of the first byte of the data."""
    data_end: int
    """Offset in the file of the byte after the data, without padding."""

    @property
    def is_table(self) -> bool:
        """True for a binary table that is not a compressed image."""
        is_binary = self.header.label("XTENSION") in _BINARY_TABLES
        return is_binary and not self.is_compressed

    @property
    def is_compressed(self) -> bool:
        """True for an image that is compressed in tiles (.fits.fz)."""
        return self.header.label("ZIMAGE") == "True"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an image HDU, slowest axis first; () for a table and for an HDU without data."""
        axes = "ZNAXIS" if self.is_compressed else "NAXIS"
        if axes == "NAXIS" and self.header.label("XTENSION", "IMAGE") != "IMAGE":
            return ()
        return self.header.shape(axes)


def list_hdus(url: str, file: IO[bytes]) -> list[Hdu]:
    """All HDUs of a FITS file, from their headers, after a check that the data are complete.

    Raises
    ------
    SourceError
        Where the file is not a FITS file, cut short, or has a damaged header.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    begin = file.read(N_FIRST_BYTES)
    if not begin.startswith(b"SIMPLE  ="):
        raise SourceError(f"{url}: not a FITS file: it is {describe_content(begin)}.")
    hdus: list[Hdu] = []
    position = 0
    while position < size:
        file.seek(position)
        text = _header_text(url, file, len(hdus))
        if hdus and not text.startswith("XTENSION"):
            # Further bytes are not an error, because special records or padding may follow the last
            # HDU (FITS 4.0, section 3.5).
            break
        hdu = _locate(url, text, len(hdus), position)
        if hdu.data_end > size:
            raise SourceError(
                f"{url}: cut short: HDU {len(hdus)} ({hdu.name or 'unnamed'}) ends at byte "
                f"{hdu.data_end}, the file at {size}."
            )
        hdus.append(hdu)
        position = hdu.data_end + -hdu.data_end % BLOCK_BYTES
    return hdus


def _header_text(url: str, file: IO[bytes], number: int) -> str:
    """Text of the header at the current position of a file; '' where no extension starts there."""
    blocks: list[str] = []
    while len(blocks) < _MAX_HEADER_BLOCKS:
        block = file.read(BLOCK_BYTES)
        if number and not blocks and not block.startswith(b"XTENSION"):
            return ""
        if len(block) < BLOCK_BYTES:
            raise SourceError(f"{url}: cut short: the header of HDU {number} ends without END.")
        # Bytes beyond ASCII are not legal, but often stand in a comment. One byte is decoded as one
        # character, so that positions stay those of the file.
        blocks.append(block.decode("latin-1"))
        if any(blocks[-1].startswith("END     ", card) for card in range(0, BLOCK_BYTES, 80)):
            return "".join(blocks)
    raise SourceError(
        f"{url}: the header of HDU {number} is damaged: no END in {_MAX_HEADER_BLOCKS} blocks."
    )


def _locate(url: str, text: str, number: int, start: int) -> Hdu:
    """The HDU whose header has the text `text` and starts at byte `start` of the file."""
    where = f"{url}: HDU {number}"
    header = Header(text, where=where)
    axes = [header.count(f"NAXIS{axis + 1}") for axis in range(header.count("NAXIS"))]
    n_values = header.count("PCOUNT", 0) + (math.prod(axes) if axes else 0)
    width = image_dtype(header).itemsize
    name = header.label("EXTNAME", "" if number else "PRIMARY").upper()
    data_start = start + len(text)
    data_end = data_start + width * header.count("GCOUNT", 1) * n_values
    return Hdu(name, header, data_start, data_end)


def image_dtype(header: Header) -> np.dtype[Any]:
    """Stored dtype of an image HDU, from the keyword BITPIX of its header."""
    return np.dtype(_IMAGE_TYPES[int(header.choice("BITPIX", _IMAGE_TYPES))])
