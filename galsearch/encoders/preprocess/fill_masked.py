"""Filling of masked image pixels, so that a hole does not look like a change of brightness.

A masked pixel is filled by the first of these rules that applies:

1. The mean of the nearest measured pixels of its band to the left, to the right, above and below,
   at most `REACH_PIXELS` away, weighted by their inverse distance. Across masked rows or columns
   this is linear interpolation, and a cubic that continues the slopes of both sides where the gap
   has at most `NARROW_PIXELS`, so that the peak of a galaxy in the gap is not cut off.
2. The pixel of the other bands, multiplied by the ratio of fluxes that galaxies of these colours
   and this brightness have (`BAND_RULES`). A band without any measured pixel is filled in this way.
3. Zero, the level of the sky.
"""

import numpy as np

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array

REACH_PIXELS = 16
"""Largest distance of a measured pixel from which a masked one is filled: 4 arcsec."""
NARROW_PIXELS = 8
"""Largest number of masked pixels between two measured ones that are filled by a cubic."""
SLOPE_PIXELS = 2
"""Number of pixels over which the slope on each side of a gap is measured."""
APERTURE_PIXELS = 8.0
"""Radius of the aperture whose flux is predicted for a missing band: 2.1 arcsec."""
SOFTENING_NANOMAGGIES = 0.05
"""Flux within the aperture below which the ratio of two bands is not trusted."""

BAND_RULES: dict[tuple[int, tuple[int, ...]], tuple[float, ...]] = {
    (0, (1, 2)): (-0.071, 1.774, -0.847),
    (0, (1,)): (-0.476, 1.049),
    (0, (2,)): (-0.885, 1.088),
    (1, (0, 2)): (-0.049, 0.463, 0.588),
    (1, (0,)): (0.487, 0.886),
    (1, (2,)): (-0.459, 1.091),
    (2, (0, 1)): (0.225, -0.531, 1.413),
    (2, (0,)): (0.913, 0.721),
    (2, (1,)): (0.477, 0.856),
}
"""Constant and slopes of log10 of the aperture flux of a band (0 for g, 1 for r, 2 for z) against
those of other bands, by the band and the others. They were fitted to simulated galaxies by
`benchmarks.robustness.fit_band_rules`, and the fluxes are those within `APERTURE_PIXELS`."""


def fill_masked(flux: Float32Array, bad: BoolArray) -> Float32Array:
    """Images (B, 3, ny, nx) with every masked pixel filled, by the rules of this module.

    Measured pixels are not changed, and a row does not depend on the other rows.

    Parameters
    ----------
    flux : (B, 3, ny, nx)
        Nanomaggies per 0.262 arcsec pixel in the order g, r, z, with finite values where `bad` is
        False. The array is not changed.
    bad : (B, 3, ny, nx)
        True where there is no measurement.
    """
    filled = np.where(bad, np.float32(0), flux)
    left = bad.copy()
    for row, band in np.argwhere(bad.any(axis=(2, 3))):
        plane, found = _from_neighbours(filled[row, band], bad[row, band])
        filled[row, band][found] = plane[found]
        left[row, band] &= ~found
    for row in np.flatnonzero(left.any(axis=(1, 2, 3))):
        _fill_from_other_bands(filled[row], left[row])
    return filled


def _from_neighbours(plane: Float32Array, bad: BoolArray) -> tuple[Float64Array, BoolArray]:
    """Rule 1: values (ny, nx) of masked pixels, and True for those with a measured pixel near."""
    rows, row_weight = _along_rows(plane, bad)
    columns, column_weight = (part.T for part in _along_rows(plane.T, bad.T))
    weight = row_weight + column_weight
    found = weight > 0
    total = rows * row_weight + columns * column_weight
    return np.divide(total, weight, out=total, where=found), found


def _along_rows(plane: Float32Array, bad: BoolArray) -> tuple[Float64Array, Float64Array]:
    """Values of masked pixels from the nearest measured ones in their row, and their weights.

    The weight is the sum of the inverse distances of the one or two pixels that are near enough;
    it is 0 where there is none. Between two pixels a narrow gap is filled by a cubic.
    """
    size = plane.shape[1]
    here = np.arange(size)
    before = np.maximum.accumulate(np.where(bad, -1, here), axis=1)
    after = np.minimum.accumulate(np.where(bad, size, here)[:, ::-1], axis=1)[:, ::-1]
    ends, slopes, inverses = [], [], []
    for nearest, inwards in ((before, -SLOPE_PIXELS), (after, SLOPE_PIXELS)):
        distance = np.abs(here - nearest)
        usable = bad & (nearest >= 0) & (nearest < size) & (distance <= REACH_PIXELS)
        inverses.append(np.where(usable, 1 / np.maximum(distance, 1), 0))
        there = np.clip(nearest, 0, size - 1)
        beyond = np.clip(there + inwards, 0, size - 1)
        ends.append(np.take_along_axis(plane, there, axis=1).astype(np.float64))
        step = (np.take_along_axis(plane, beyond, axis=1) - ends[-1]) / inwards
        slopes.append(np.where(np.take_along_axis(bad, beyond, axis=1), 0, step))
    weight = inverses[0] + inverses[1]
    values = np.divide(
        ends[0] * inverses[0] + ends[1] * inverses[1], weight, out=np.zeros(plane.shape),
        where=weight > 0,
    )  # fmt: skip
    length = after - before
    narrow = (inverses[0] > 0) & (inverses[1] > 0) & (length - 1 <= NARROW_PIXELS)
    part = np.where(narrow, (here - before) / np.maximum(length, 1), 0)
    bend = part * (1 - part)
    chord = ends[1] - ends[0]
    values += bend * (1 - part) * (slopes[0] * length - chord)
    values -= bend * part * (slopes[1] * length - chord)
    return values, weight


def _fill_from_other_bands(planes: Float32Array, left: BoolArray) -> None:
    """Rule 2 for one image (3, ny, nx): fill the pixels that rule 1 left, where others are there.

    Bands that are used are at least partly measured; only the measured or filled pixels of a band
    serve the others.
    """
    usable = ~left.all(axis=(1, 2))
    aperture = _aperture(planes.shape[1:])
    totals = planes[:, aperture].sum(axis=1, dtype=np.float64)
    given = planes.copy()
    for band in np.flatnonzero(left.any(axis=(1, 2))):
        others = np.array([b for b in np.flatnonzero(usable) if b != band], dtype=int)
        if not others.size:
            continue
        ratio = _flux_ratio(int(band), others, totals)
        here = left[band] & ~left[others].any(axis=0)
        planes[band][here] = ratio * given[others].sum(axis=0)[here]


def _flux_ratio(band: int, others: Int64Array, totals: Float64Array) -> float:
    """Flux of a missing band over the summed flux of other bands, for a galaxy of their fluxes."""
    constant, *slopes = BAND_RULES[band, tuple(others.tolist())]
    logs = np.log10(np.maximum(totals[others], SOFTENING_NANOMAGGIES))
    predicted = 10 ** (constant + np.dot(slopes, logs))
    return float(predicted / np.maximum(totals[others], SOFTENING_NANOMAGGIES).sum())


def _aperture(shape: tuple[int, ...]) -> BoolArray:
    """(ny, nx) True within the aperture about the centre of an image."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    radius = np.hypot(y - (shape[0] - 1) / 2, x - (shape[1] - 1) / 2)
    return np.asarray(radius < APERTURE_PIXELS)
