"""Where a galaxy lies on the nested HEALPix grid, and which pixels hold few enough of them."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
import numpy.typing as npt
from astropy_healpix import HEALPix

ORDER = 29
"""The order of `_healpix_29`: pixels of 0.4 milliarcsec."""
MAX_PARTITION_ORDER = 18
"""Where splitting ends: pixels of 0.8 arcsec hold what cannot be told apart any more."""


def healpix_29(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """(n,) nested pixels of order 29 that hold ICRS positions in degrees, as HATS defines them.

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
    """A HEALPix pixel and the rows that lie in it."""

    order: int
    pixel: int
    """Nested number of the pixel at `order`."""
    rows: npt.NDArray[np.int64]
    """Row numbers by ascending `_healpix_29`; equal ones keep their order."""


def adaptive_pixels(healpix: npt.NDArray[np.int64], *, max_rows: int) -> list[PixelRows]:
    """Disjoint pixels that hold every row of `healpix`, each at most `max_rows` where possible.

    A pixel is split into its four children while it holds more, from the 12 pixels of order 0
    down to order 18. Pixels without rows are left out; the others come by position on the curve.

    Examples
    --------
    >>> [(p.order, p.pixel, p.rows) for p in adaptive_pixels(np.array([5, 0, 1]), max_rows=3)]
    [(0, 0, array([1, 2, 0]))]
    """
    by_position = np.argsort(healpix, kind="stable")
    return _split(healpix[by_position], by_position, 0, max_rows)


def _split(
    healpix: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], order: int, max_rows: int
) -> list[PixelRows]:
    pixels, starts = np.unique(healpix >> (2 * (ORDER - order)), return_index=True)
    ends = np.append(starts, healpix.size)[1:]
    found: list[PixelRows] = []
    for pixel, start, end in zip(pixels, starts, ends, strict=True):
        if end - start > max_rows and order < MAX_PARTITION_ORDER:
            found += _split(healpix[start:end], rows[start:end], order + 1, max_rows)
        else:
            found.append(PixelRows(order, int(pixel), rows[start:end]))
    return found
