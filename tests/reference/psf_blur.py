"""Blur and noise of AstroDINO's augmentation for one image, written out plainly with NumPy.

`training.augment.image_augmentation.degrade_images` does the same for batches.
"""

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array
from training.augment.psf_and_noise import (
    NOISE_SIGMA_NANOMAGGIES,
    PSF_SIGMA_PIXELS,
    TRUNCATE_SIGMAS,
    draw_extra_sigma,
)


def blur(image: npt.ArrayLike, sigma_pixels: npt.ArrayLike) -> Float32Array:
    """(3, ny, nx) image convolved with a Gaussian in each band; the edges are mirrored.

    A band with sigma 0 is not changed.
    """
    planes = np.array(image, np.float32)
    for plane, sigma in zip(planes, np.asarray(sigma_pixels, np.float64), strict=True):
        if sigma > 0:
            plane[...] = _blurred(_blurred(plane.T, sigma).T, sigma)
    return planes


def blur_and_noise(
    image: npt.ArrayLike,
    rng: np.random.Generator,
    *,
    probability: float,
    inverted: bool = False,
) -> Float32Array:
    """(3, ny, nx) image with additional blur and noise, each with the given probability.

    Parameters
    ----------
    image : (3, ny, nx)
        Nanomaggies per pixel, bands g, r, z.
    rng
        Source of the random numbers.
    probability
        Probability of additional blur, and of additional noise.
    inverted
        Act with 1 - `probability`, as the published code does: its first global crop (nominally
        1.0) is never changed, its second (0.1) nearly always.
    """
    share = 1 - probability if inverted else probability
    planes = np.array(image, np.float32)
    if rng.random() < share:
        planes = blur(planes, draw_extra_sigma(PSF_SIGMA_PIXELS, 1, rng)[0])
    if rng.random() < share:
        sigma = draw_extra_sigma(NOISE_SIGMA_NANOMAGGIES, 1, rng)[0]
        planes += (rng.standard_normal(planes.shape) * sigma[:, None, None]).astype(np.float32)
    return planes


def _blurred(plane: Float32Array, sigma: float) -> Float32Array:
    """The band convolved along its last axis."""
    radius = int(TRUNCATE_SIGMAS * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(plane.astype(np.float64), ((0, 0), (radius, radius)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis=1)
    return np.asarray(windows @ (kernel / kernel.sum()), dtype=np.float32)
