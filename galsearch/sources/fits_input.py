"""FITS as it comes over the wire: which HDUs are there, whole or not, and what each one holds.

Only the HDUs that are asked for are read: the resolution matrices of a DESI coadd are eleven
times its flux. Headers and tables are decoded by astropy; where an HDU ends is checked here,
because a file cut short must be an error and not a warning.
"""

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.urls import open_url

_BLOCK = 2880
_MAX_HEADER_BLOCKS = 1000
_IMAGE_TYPES = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}


@dataclass(frozen=True, eq=False)
class Hdu:
    """One header and data unit, and where its bytes lie."""

    name: str
    """EXTNAME in upper case; PRIMARY for the first, '' where an extension has none."""
    header: Any
    """astropy.io.fits.Header."""
    header_start: int
    """Byte offsets within the file."""
    data_start: int
    data_end: int

    @property
    def is_table(self) -> bool:
        """A binary table, and not an image compressed into one."""
        return self.header.get("XTENSION") == "BINTABLE" and not self.is_compressed

    @property
    def is_compressed(self) -> bool:
        """An image compressed tile by tile (.fits.fz)."""
        return bool(self.header.get("ZIMAGE", False))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image it holds, slowest axis first; () for none and for a table."""
        if self.is_table:
            return ()
        prefix = "Z" if self.is_compressed else ""
        n_axes = self.header[f"{prefix}NAXIS"]
        return tuple(int(self.header[f"{prefix}NAXIS{axis}"]) for axis in range(n_axes, 0, -1))


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
            with fits.open(io.BytesIO(self._alone(hdu))) as opened:
                return _native(opened[1].data)
        array = np.frombuffer(self._bytes(hdu), dtype=_IMAGE_TYPES[hdu.header["BITPIX"]])
        return _scaled(_native(array.reshape(hdu.shape)), hdu.header)

    def image_section(self, hdu: Hdu, boxes: Sequence[tuple[slice, slice]]) -> list[Any]:
        """Rectangles (rows, columns) out of a two-dimensional image, native byte order.

        Of a compressed image only the tiles that a rectangle touches are unpacked.
        """
        if not hdu.is_compressed:
            whole = self.image(hdu)
            return [whole[box] for box in boxes]
        with fits.open(io.BytesIO(self._alone(hdu))) as opened:
            return [_native(opened[1].section[box]) for box in boxes]

    def table(self, hdu: Hdu, columns: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
        """Columns of a table HDU, name -> values in native byte order, text without padding.

        Of `columns` those that the table lacks are left out: DESI's vary by release. None is all.
        """
        try:
            rows = fits.BinTableHDU.fromstring(self._bytes(hdu, header=True)).data
            names = [n for n in rows.names if columns is None or n in columns]
            return {name: _native(rows[name]) for name in names}
        except (KeyError, ValueError, TypeError, fits.VerifyError) as error:
            raise SourceError(f"{self.url}: table {hdu.name} is damaged ({error}).") from error

    def _bytes(self, hdu: Hdu, *, header: bool = False) -> bytes:
        start = hdu.header_start if header else hdu.data_start
        self._file.seek(start)
        content: bytes = self._file.read(hdu.data_end - start)
        if len(content) != hdu.data_end - start:
            raise SourceError(
                f"{self.url}: the server gave {len(content)} of the {hdu.data_end - start} bytes "
                f"of HDU {hdu.name}. Try again, or copy the file first."
            )
        return content + bytes(-len(content) % _BLOCK if header else 0)

    def _alone(self, hdu: Hdu) -> bytes:
        primary: str = fits.PrimaryHDU().header.tostring()
        return primary.encode() + self._bytes(hdu, header=True)


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
    try:
        header = fits.Header.fromstring(text)
        width = np.dtype(_IMAGE_TYPES[header["BITPIX"]]).itemsize
        axes = [_length(header[f"NAXIS{axis + 1}"]) for axis in range(header["NAXIS"])]
        n_values = _length(header.get("PCOUNT", 0)) + (math.prod(axes) if axes else 0)
        n_bytes = width * _length(header.get("GCOUNT", 1)) * n_values
        name = str(header.get("EXTNAME", "" if number else "PRIMARY")).strip().upper()
    except (KeyError, ValueError, TypeError, fits.VerifyError) as error:
        raise SourceError(f"{url}: the header of HDU {number} is damaged ({error}).") from error
    data_start = start + len(text)
    return Hdu(name, header, start, data_start, data_start + n_bytes)


def _length(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"a length of {value!r}")
    return value


def _scaled(array: npt.NDArray[Any], header: Any) -> npt.NDArray[Any]:
    zero, scale = header.get("BZERO", 0), header.get("BSCALE", 1)
    if (zero, scale) == (0, 1):
        return array
    if scale == 1 and array.dtype.kind == "i" and zero == 2 ** (8 * array.itemsize - 1):
        # FITS has no unsigned integers: they are stored with the highest bit turned over.
        unsigned = np.dtype(f"u{array.itemsize}")
        return np.asarray(array.view(unsigned) ^ np.array(zero, dtype=unsigned))
    return np.asarray(array * float(scale) + float(zero))


def _native(array: Any) -> npt.NDArray[Any]:
    plain = np.asarray(array)
    if plain.dtype.kind == "S":
        plain = np.char.decode(plain, "ascii", "replace")
    if plain.dtype.kind == "U":
        return np.char.rstrip(plain)
    return np.array(plain, dtype=plain.dtype.newbyteorder("="))
