"""The bricks of the Legacy Surveys: 662,174 near-squares of a quarter of a degree.

Rows are 0.25 degrees of declination; a row has as many columns as keep a brick no wider than
that. Reproduces survey-bricks.fits and the BRICKNAME and BRICKID of DESI's fibre maps.
"""

import functools

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import SourceError

_ROW_DEG = 0.25
_N_ROWS = 721


def brick_names(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """(n,) names, such as '1501p022', of the bricks that hold ICRS positions in degrees.

    The digits are the centre's, truncated and not rounded.

    Raises
    ------
    SourceError
        Where a position is none.

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


def brick_ids(ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """(n,) BRICKID, 1 to 662,174, of the bricks that hold ICRS positions in degrees.

    Raises
    ------
    SourceError
        Where a position is none.

    Examples
    --------
    >>> brick_ids([150.1, 10.0, 10.0], [2.2, -90.0, 90.0])
    array([343928,      1, 662174])
    """
    row, column = _row_and_column(ra_deg, dec_deg)
    before = np.concatenate([[0], np.cumsum(_columns_per_row())[:-1]])
    return np.asarray(before[row] + column + 1, dtype=np.int64)


def _row_and_column(
    ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    ra = np.atleast_1d(np.asarray(ra_deg, dtype=np.float64)) % 360.0
    dec = np.atleast_1d(np.asarray(dec_deg, dtype=np.float64))
    bad = ~(np.isfinite(ra) & (np.abs(dec) <= 90))
    if bad.any():
        first = int(np.argmax(bad))
        raise SourceError(f"no brick holds RA {ra[first]}, Dec {dec[first]} (position {first}).")
    row = np.clip(np.floor((dec + 90.125) / _ROW_DEG), 0, _N_ROWS - 1).astype(np.int64)
    n = _columns_per_row()[row]
    # -1e-20 % 360 is 360 in floats: it belongs to the last column, not to one past it.
    column = np.minimum(np.floor(ra / 360.0 * n).astype(np.int64), n - 1)
    return row, column


@functools.cache
def _columns_per_row() -> npt.NDArray[np.int64]:
    centre = np.abs(-90 + _ROW_DEG * np.arange(_N_ROWS))
    widest = np.cos(np.deg2rad(np.maximum(0.0, centre - _ROW_DEG / 2)))
    n = 2 * np.ceil(360.0 / _ROW_DEG * widest / 2).astype(np.int64)
    n[[0, -1]] = 1
    return np.asarray(n, dtype=np.int64)
