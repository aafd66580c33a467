"""Noise of pixels that were resampled from a detector's pixels, as in coadded images.

The Legacy Surveys resample each exposure with a Lanczos kernel of order 3. Depending on the
fraction of a pixel by which the grids are offset, adjacent pixels of the result are correlated and
pixels two apart are weakly anti-correlated.
"""

import numpy as np

from galsearch.core.arrays import Float32Array, Float64Array

_ORDER = 3
_LARGEST_BLUR = 0.12
"""Largest weight of adjacent pixels that is added to the Lanczos kernel. In two real cutouts at the
native scale (https://github.com/willettk/decals) the correlation of adjacent pixels is .12 to .31,
of diagonal ones .05, and of pixels two apart -.08 to .00; with this range it is about the same."""


def draw_taps(rng: np.random.Generator, blur: float) -> Float64Array:
    """Weights (8,) of one row of pixels in a resampled pixel, for a random offset of the grids.

    Parameters
    ----------
    rng
        Generator of the offset.
    blur
        Smallest weight of adjacent pixels that is added, as for pixels smaller than a detector's.
    """
    x = np.arange(1 - _ORDER, 1 + _ORDER) - rng.uniform(0, 0.5)
    lanczos = np.sinc(x) * np.sinc(x / _ORDER) * (np.abs(x) < _ORDER)
    weight = blur + rng.uniform(0, _LARGEST_BLUR)
    taps = np.convolve(lanczos, [weight, 1.0, weight])
    return np.asarray(taps / np.sqrt((taps**2).sum()))


def resampled_noise(rng: np.random.Generator, n_pixels: int, blur: float) -> Float32Array:
    """Noise (n_pixels, n_pixels) of unit variance, with offsets drawn for each axis.

    The parameters are those of `draw_taps`.
    """
    across, along = (draw_taps(rng, blur).astype(np.float32) for _ in range(2))
    n = n_pixels + across.size - 1
    white = rng.standard_normal((n, n), dtype=np.float32)
    rows = across[0] * white[:n_pixels]
    for i in range(1, across.size):
        rows += across[i] * white[i : i + n_pixels]
    noise = along[0] * rows[:, :n_pixels]
    for i in range(1, along.size):
        noise += along[i] * rows[:, i : i + n_pixels]
    return np.asarray(noise, dtype=np.float32)
