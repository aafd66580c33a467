"""HEALPix pixels of positions, and the division of a catalogue into pixels of limited size.

All pixel numbers are in the nested scheme.
"""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
import numpy.typing as npt
from astropy_healpix import HEALPix

from galsearch.core.arrays import Int64Array, Rows

ORDER = 29
"""HEALPix order of the column `_healpix_29`; its pixels are 0.4 milliarcsec wide."""
MAX_PARTITION_ORDER = 18
"""Highest order of a partition. Its pixels are 0.8 arcsec wide, too small to divide galaxies."""


def healpix_29(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> Int64Array:
    """(n,) numbers of the order-29 HEALPix pixels that hold ICRS positions in degrees.

    They are the values of the HATS column `_healpix_29`.

    Parameters
    ----------
    ra_deg, dec_deg : (n,)
        ICRS positions in degrees.

    Examples
    --------
    >>> healpix_29([150.1], [2.2])
    array([1918129809776324852])
    """
    grid = HEALPix(nside=2**ORDER, order="nested")
    ra, dec = np.atleast_1d(np.asarray(ra_deg, float)), np.atleast_1d(np.asarray(dec_deg, float))
    return np.asarray(grid.lonlat_to_healpix(ra * u.deg, dec * u.deg), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class PixelRows:
    """A HEALPix pixel and the catalogue rows inside it."""

    order: int
    pixel: int
    """Number of the pixel among the pixels of its order, nested scheme."""
    rows: Rows
    """(n,) row numbers, sorted by `_healpix_29` and then by row number."""


def adaptive_pixels(healpix: Int64Array, *, max_rows: int) -> list[PixelRows]:
    """Disjoint HEALPix pixels that hold all rows, each pixel at most `max_rows` where possible.

    Starting from the 12 pixels of order 0, a pixel that holds more than `max_rows` is split into
    its four children, down to order 18. Pixels without rows are left out.

    Parameters
    ----------
    healpix : (n,) int64
        Number of the order-29 pixel of each row.
    max_rows
        Largest number of rows in a pixel.

    Examples
    --------
    >>> [(p.order, p.pixel, p.rows) for p in adaptive_pixels(np.array([5, 0, 1]), max_rows=3)]
    [(0, 0, array([1, 2, 0]))]
    """
    by_position = np.argsort(healpix, kind="stable")
    return _split(healpix[by_position], by_position, 0, max_rows)


def _split(healpix: Int64Array, rows: Rows, order: int, max_rows: int) -> list[PixelRows]:
    pixels, starts = np.unique(healpix >> (2 * (ORDER - order)), return_index=True)
    ends = np.append(starts, healpix.size)[1:]
    found: list[PixelRows] = []
    for pixel, start, end in zip(pixels, starts, ends, strict=True):
        if end - start > max_rows and order < MAX_PARTITION_ORDER:
            found += _split(healpix[start:end], rows[start:end], order + 1, max_rows)
        else:
            found.append(PixelRows(order, int(pixel), rows[start:end]))
    return found
