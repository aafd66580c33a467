"""Decompression of images that a FITS file holds in tiles (FITS 4.0, section 10.1).

Astropy decompresses them. Its codecs are those of cfitsio, written in C, which trust the sizes that
the compressed data state and write beyond their memory where these are damaged. Everything that a
codec trusts is therefore checked before.
"""

import io
import itertools
import math
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.arrays import Int64Array
from galsearch.core.errors import SourceError
from galsearch.sources.fits.binary_table import column_formats
from galsearch.sources.fits.fits_header import CardValue, Header
from galsearch.sources.fits.hdu import BLOCK_BYTES, Hdu

_KEY = re.compile(
    r"XTENSION|BITPIX|NAXIS[12]?|PCOUNT|GCOUNT|TFIELDS|THEAP|(TTYPE|TFORM|TSCAL|TZERO|TNULL)\d+"
    r"|ZIMAGE|ZTENSION|ZBITPIX|ZNAXIS\d*|ZPCOUNT|ZGCOUNT|ZCMPTYPE|(ZTILE|ZNAME|ZVAL)\d+"
    r"|ZQUANTIZ|ZDITHER0|ZBLANK|ZSCALE|ZZERO"
)
"""Pattern of the keywords that describe the compression of an image; ZD is the zenith distance."""
_COMPRESSIONS = ("RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "PLIO_1", "HCOMPRESS_1", "NOCOMPRESS")
_LARGEST_RATIO = 4096
"""Pixels for each compressed byte, above which an image is refused: no codec packs more."""
_RICE_SETTINGS: dict[str, tuple[CardValue, ...]] = {"BLOCKSIZE": (16, 32), "BYTEPIX": (1, 2, 4)}
"""Settings of the Rice codec (FITS 4.0, table 36); that of cfitsio cannot read 8 bytes a pixel."""
_GZIP_COLUMN = "GZIP_COMPRESSED_DATA"
_SMALL_BYTES = 2**16
"""Size below which the data of an image need no bound; gzip makes at most 64 MiB of them."""
_HCOMPRESS_MAGIC = b"\xdd\x99"
_HCOMPRESS_HEADER_BYTES = 25
"""Two bytes of magic; rows, columns and scale in 4 bytes each, the sum of all pixels in 8; and the
numbers of bit planes in 3."""
_MAX_BIT_PLANES = 64
_HCOMPRESS_PADDING = b"\x11"
"""Byte that is no beginning of a bit plane, at which the HCOMPRESS codec stops with an error."""


@contextmanager
def decompressed(hdu: Hdu, data: bytes, *, where: str) -> Iterator[Any]:
    """A compressed image as astropy's CompImageHDU, with only the cards that astropy needs.

    Parameters
    ----------
    hdu
        HDU of the compressed image.
    data
        Its data: the table of tiles and the heap with their bytes.
    where
        Name of file and image in messages.

    Raises
    ------
    SourceError
        Where the image is damaged, also if that is found while it is used in the `with` block.
    """
    kind = hdu.header.choice("ZCMPTYPE", _COMPRESSIONS)
    tiles = _check_tiles(hdu, len(data), where)
    if kind in ("RICE_1", "RICE_ONE"):
        _check_rice(hdu.header, where)
    descriptors = _Descriptors(hdu.header, data, "COMPRESSED_DATA", where)
    if kind in ("GZIP_1", "GZIP_2"):
        _check_gzip(data, descriptors, hdu.shape, tiles, where)
    if any(hdu.header.label(key) == _GZIP_COLUMN for key in hdu.header.keywords()):
        # Tiles of floats that Rice or HCOMPRESS cannot pack are packed with gzip.
        packed = _Descriptors(hdu.header, data, _GZIP_COLUMN, where)
        _check_gzip(data, packed, hdu.shape, tiles, where)
    if kind == "PLIO_1":
        _check_plio(data, descriptors, where)
    if kind == "HCOMPRESS_1":
        data = _checked_hcompress(hdu, tiles, data, descriptors, where)
    try:
        alone = fits.Header()
        for keyword in filter(_KEY.fullmatch, hdu.header.keywords()):
            value = hdu.header.get(keyword)
            if value is not None:
                alone[keyword] = value
        alone["PCOUNT"] = len(data) - descriptors.table_bytes
        text: str = fits.PrimaryHDU().header.tostring() + alone.tostring()
        content = text.encode() + data + bytes(-len(data) % BLOCK_BYTES)
        # Astropy scales whole images by BSCALE, BZERO and BLANK, but not their sections.
        with fits.open(io.BytesIO(content), do_not_scale_image_data=True) as opened:
            _check_shape(opened[1].shape, hdu, where)
            yield opened[1]
    except SourceError:
        raise
    except Exception as error:
        # Astropy and its codecs raise exceptions of any kind for a damaged image.
        raise SourceError(f"{where} is damaged ({error}).") from error


def _check_shape(shape: tuple[int, ...], hdu: Hdu, where: str) -> None:
    """Check that astropy finds the same shape in a header, of which cards may be repeated."""
    if tuple(shape) != hdu.shape:
        raise SourceError(f"{where} is damaged: its header states the shapes {hdu.shape}, {shape}.")


class _Descriptors:
    """Number of values and offset of each tile in a column of the table of a compressed image."""

    def __init__(self, header: Header, data: bytes, name: str, where: str) -> None:
        formats = column_formats(header, where=where)
        names = [header.label(f"TTYPE{number + 1}") for number in range(len(formats))]
        if name not in names:
            raise SourceError(f"{where} has no column {name}.")
        number = names.index(name)
        letter, dtype = formats[number]
        n_rows, row_bytes = header.count("NAXIS2"), header.count("NAXIS1")
        starts = np.cumsum([0] + [dtype.itemsize for _, dtype in formats])
        self.table_bytes = n_rows * row_bytes
        self.heap_start = header.count("THEAP", self.table_bytes)
        if letter not in "PQ" or starts[-1] != row_bytes or len(data) < self.table_bytes:
            raise SourceError(f"{where} is damaged: its table of tiles contradicts its header.")
        form = header.label(f"TFORM{number + 1}").upper().removeprefix("1")
        self.value_type = form[1:2]
        """Letter of the type of the compressed values: B for bytes, I for 16 bits."""
        self.columns = slice(int(starts[number]), int(starts[number + 1]))
        """Bytes of the descriptor in a row of the table."""
        self.dtype = dtype.base
        rows = np.frombuffer(data, np.uint8, self.table_bytes).reshape(n_rows, row_bytes)
        found = np.ascontiguousarray(rows[:, self.columns]).view(self.dtype).astype(np.int64)
        self.n_values: Int64Array
        self.offsets: Int64Array
        self.n_values, self.offsets = found[:, 0], found[:, 1]
        width = 2 if self.value_type == "I" else 1
        ends = self.heap_start + self.offsets + self.n_values * width
        if (found < 0).any() or (found >= 2**60).any() or (ends > len(data)).any():
            raise SourceError(f"{where} is damaged: a tile lies outside the data of the image.")


def _check_tiles(hdu: Hdu, n_bytes: int, where: str) -> list[int]:
    """Lengths of a tile, fastest axis first, after a check against the shape of the image.

    An image is refused whose tiles are not those of its shape, or whose data cannot hold it.
    """
    header, shape = hdu.header, hdu.shape
    tiles = [
        header.count(f"ZTILE{n}", shape[-1] if n == 1 else 1) for n in range(1, len(shape) + 1)
    ]
    if not shape or 0 in tiles:
        raise SourceError(f"{where}: shape {shape} and tiles {tuple(tiles)} are no image.")
    needed = math.prod(-(-length // tile) for length, tile in zip(shape[::-1], tiles, strict=True))
    if needed != header.count("NAXIS2"):
        raise SourceError(
            f"{where}: shape {shape} has {needed} tiles; the table has {header.count('NAXIS2')}."
        )
    tile_pixels = math.prod(min(pair) for pair in zip(shape[::-1], tiles, strict=True))
    if max(tile_pixels, math.prod(shape)) > _LARGEST_RATIO * n_bytes + 2**20:
        raise SourceError(
            f"{where}: {math.prod(shape)} pixels in {n_bytes} bytes; no compression packs so many."
        )
    return tiles


def _check_rice(header: Header, where: str) -> None:
    """Check the settings of the Rice codec, which does not end for blocks of no pixel."""
    number = 1
    while f"ZNAME{number}" in header:
        known = _RICE_SETTINGS.get(header.label(f"ZNAME{number}").upper())
        value = header.get(f"ZVAL{number}")
        if known and (isinstance(value, bool) or value not in known):
            expected = ", ".join(str(choice) for choice in known)
            raise SourceError(
                f"{where}: {header.label(f'ZNAME{number}')} of the Rice compression is {value!r}; "
                f"expected one of {expected}."
            )
        number += 1


def _check_gzip(
    data: bytes, descriptors: _Descriptors, shape: tuple[int, ...], tiles: list[int], where: str
) -> None:
    """Refuse gzip tiles that unpack to more than their pixels, which could fill the memory."""
    if len(data) < _SMALL_BYTES:
        return
    for row, tile_shape in enumerate(_tile_shapes(shape, tiles)):
        start, limit = descriptors.heap_start + int(descriptors.offsets[row]), math.prod(tile_shape)
        packed = data[start : start + int(descriptors.n_values[row])]
        try:
            unpacked = zlib.decompressobj(wbits=31).decompress(packed, 8 * limit + 1)
        except zlib.error as error:
            raise SourceError(f"{where} is damaged ({error}).") from None
        if len(unpacked) > 8 * limit:
            raise SourceError(
                f"{where} is damaged: a tile of {limit} pixels unpacks to more than 8 bytes each."
            )


def _check_plio(data: bytes, descriptors: _Descriptors, where: str) -> None:
    """Check the length that each PLIO list states, up to which its codec reads."""
    if descriptors.value_type != "I":
        raise SourceError(f"{where} is damaged: PLIO data are not of 16 bits.")
    for n_values, offset in zip(descriptors.n_values, descriptors.offsets, strict=True):
        words = np.frombuffer(data, ">i2", n_values, descriptors.heap_start + offset).astype(int)
        # Lists of the first version have a header of 3 words, others state the length of theirs.
        if n_values > 2 and words[2] > 0:
            first, length = 4, words[2]
        elif n_values > 4:
            first, length = words[1] + 1, (words[4] << 15) + words[3]
        else:
            first, length = 4, n_values + 1
        if n_values and not (first > 0 and length <= n_values):
            raise SourceError(
                f"{where} is damaged: a PLIO list of {n_values} words states {length}."
            )


def _checked_hcompress(
    hdu: Hdu, tiles: list[int], data: bytes, descriptors: _Descriptors, where: str
) -> bytes:
    """Data of an image whose HCOMPRESS tiles state their own size, padded for the codec.

    The codec reads until it has all pixels, also beyond the end of a tile that is cut short. The
    padding ends it there.
    """
    if descriptors.value_type != "B":
        raise SourceError(f"{where} is damaged: HCOMPRESS data are not bytes.")
    n_rows = descriptors.n_values.size
    table = np.frombuffer(data, np.uint8, descriptors.table_bytes).reshape(n_rows, -1).copy()
    parts, end = [data[descriptors.table_bytes :]], len(data)
    for row, shape in enumerate(_tile_shapes(hdu.shape, tiles)):
        n_bytes = int(descriptors.n_values[row])
        if not n_bytes:
            continue
        start = descriptors.heap_start + int(descriptors.offsets[row])
        tile = data[start : start + n_bytes]
        _check_hcompress_tile(tile, shape, where)
        tile += _HCOMPRESS_PADDING * (math.prod(shape) // 2 + 256)
        place = np.array([len(tile), end - descriptors.heap_start], descriptors.dtype)
        table[row, descriptors.columns] = place.view(np.uint8)
        parts.append(tile)
        end += len(tile)
    return b"".join([table.tobytes(), *parts])


def _check_hcompress_tile(tile: bytes, shape: tuple[int, ...], where: str) -> None:
    sides: npt.NDArray[Any] = np.frombuffer(tile[2:10].ljust(8, b"\0"), ">i4")
    planes = tile[_HCOMPRESS_HEADER_BYTES - 3 : _HCOMPRESS_HEADER_BYTES]
    # The codec is for images; axes of length 1 are not among those of a tile.
    wanted = [length for length in shape if length != 1]
    if (
        len(tile) <= _HCOMPRESS_HEADER_BYTES
        or not tile.startswith(_HCOMPRESS_MAGIC)
        or sides.tolist() != wanted
        or max(planes) > _MAX_BIT_PLANES
    ):
        raise SourceError(f"{where} is damaged: an HCOMPRESS tile contradicts its shape {shape}.")


def _tile_shapes(shape: tuple[int, ...], tiles: list[int]) -> Iterator[tuple[int, ...]]:
    """Shape of each tile, slowest axis first, in the order of the table; the last are smaller."""
    lengths = [
        [min(tile, length - start) for start in range(0, length, tile)]
        for length, tile in zip(shape, tiles[::-1], strict=True)
    ]
    return itertools.product(*lengths)
