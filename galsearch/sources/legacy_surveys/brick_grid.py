"""Names and numbers of the bricks of the Legacy Surveys, 662,174 fields of a quarter of a degree.

A row of bricks is 0.25 degrees of declination high, and has the smallest even number of columns for
which no brick is wider than 0.25 degrees. The results equal survey-bricks.fits, and the BRICKNAME
and BRICKID in DESI's fibre maps.
"""

import functools

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Int64Array
from galsearch.core.errors import SourceError

_ROW_DEG = 0.25
_N_ROWS = 721


def brick_names(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """(n,) names of the bricks that hold ICRS positions in degrees, such as '1501p022'.

    The digits are those of the brick's centre, truncated and not rounded.

    Parameters
    ----------
    ra_deg, dec_deg : (n,)
        ICRS positions in degrees.

    Raises
    ------
    SourceError
        Where a position is not finite, or a declination is outside -90 to 90.

    Examples
    --------
    >>> brick_names([150.1, 359.999], [2.2, -0.1])
    array(['1501p022', '3598p000'], dtype='<U8')
    """
    row, column = _row_and_column(ra_deg, dec_deg)
    n = _columns_per_row()[row]
    ra, dec = (column + 0.5) * 360.0 / n, -90 + _ROW_DEG * row
    sign = np.where(dec >= 0, "p", "m")
    ra_digits = np.round(ra * 1e4).astype(np.int64) // 1000
    dec_digits = np.round(np.abs(dec) * 1e4).astype(np.int64) // 1000
    names = [f"{r:04d}{s}{d:03d}" for r, s, d in zip(ra_digits, sign, dec_digits, strict=True)]
    return np.array(names, dtype="U8")


def brick_ids(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> Int64Array:
    """(n,) numbers (BRICKID, 1 to 662,174) of the bricks that hold ICRS positions in degrees.

    Parameters
    ----------
    ra_deg, dec_deg : (n,)
        ICRS positions in degrees.

    Raises
    ------
    SourceError
        Where a position is not finite, or a declination is outside -90 to 90.

    Examples
    --------
    >>> brick_ids([150.1, 10.0, 10.0], [2.2, -90.0, 90.0])
    array([343928,      1, 662174])
    """
    row, column = _row_and_column(ra_deg, dec_deg)
    before = np.concatenate([[0], np.cumsum(_columns_per_row())[:-1]])
    return np.asarray(before[row] + column + 1, dtype=np.int64)


def _row_and_column(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> tuple[Int64Array, Int64Array]:
    ra = np.atleast_1d(np.asarray(ra_deg, dtype=np.float64)) % 360.0
    dec = np.atleast_1d(np.asarray(dec_deg, dtype=np.float64))
    bad = ~(np.isfinite(ra) & (np.abs(dec) <= 90))
    if bad.any():
        first = int(np.argmax(bad))
        raise SourceError(f"no brick holds RA {ra[first]}, Dec {dec[first]} (position {first}).")
    row = np.clip(np.floor((dec + 90.125) / _ROW_DEG), 0, _N_ROWS - 1).astype(np.int64)
    n = _columns_per_row()[row]
    # The column is limited because -1e-20 % 360 is 360 in floating point; that position belongs to
    # the last column.
    column = np.minimum(np.floor(ra / 360.0 * n).astype(np.int64), n - 1)
    return row, column


@functools.cache
def _columns_per_row() -> Int64Array:
    """Number of bricks in each of the 721 rows of declination."""
    centre = np.abs(-90 + _ROW_DEG * np.arange(_N_ROWS))
    widest = np.cos(np.deg2rad(np.maximum(0.0, centre - _ROW_DEG / 2)))
    n = 2 * np.ceil(360.0 / _ROW_DEG * widest / 2).astype(np.int64)
    n[[0, -1]] = 1
    return np.asarray(n, dtype=np.int64)
