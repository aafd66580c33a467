"""Augmentation of batches of images: orientation, crops, seeing, noise and Galactic dust.

These augmentations change how a galaxy is observed but not the galaxy itself, so embeddings should
not depend on them. Fluxes are nanomaggies in the bands g, r, z, before the preparation for the
network.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import ConfigError
from training.augment.psf_and_noise import (
    NOISE_SIGMA_NANOMAGGIES,
    PSF_SIGMA_PIXELS,
    TRUNCATE_SIGMAS,
    draw_extra_sigma,
)

EXTINCTION_PER_REDDENING = (3.214, 2.165, 1.211)
"""A_g, A_r, A_z in magnitudes at E(B-V) = 1 (Schlegel et al. 1998 scale; Schlafly and
Finkbeiner 2011, DECam), as the Legacy Surveys use them."""
MEDIAN_PSF_SIGMA_PIXELS = tuple(
    scale + location
    for scale, location in zip(PSF_SIGMA_PIXELS.scale, PSF_SIGMA_PIXELS.location, strict=True)
)
"""Median width (sigma) of the survey's point spread functions in g, r, z, in pixels."""

N_KINDS = 3
"""Number of kinds of view with their own probabilities: first global crop, second global crop,
local crops.
"""


@dataclass(frozen=True)
class SkyAugmentation:
    """Probabilities and strengths of the random changes of seeing, noise, dust and orientation."""

    view_chances: tuple[float, ...] = (1.0, 0.1, 0.5)
    """Three probabilities that a view gets worse seeing (and, independently, more noise): for the
    first global view, the second global view and local views. The defaults are those of AstroDINO's
    config; the published code applied one minus these values.
    """
    dust: float = 0.5
    """Probability that the Galactic reddening of a view is replaced by a random one."""
    reddening: float = 0.03
    """Mean of the exponential distribution from which a new E(B-V) is sampled, in magnitudes."""
    any_angle: bool = False
    """True to rotate views by any angle, which interpolates pixels; false for multiples of 90
    degrees, which only rearrange them.
    """

    def __post_init__(self) -> None:
        if len(self.view_chances) != N_KINDS:
            raise ConfigError(
                f"view_chances are {N_KINDS} numbers (first and second global view, local "
                f"views), found {len(self.view_chances)}."
            )

    def chance_of_view(self, number: int) -> float:
        """The probability that a view gets worse seeing, by its number: 0 and 1 are the global
        views, larger numbers are local views.
        """
        return self.view_chances[min(number, N_KINDS - 1)]


def rotate_and_mirror(images: Tensor, generator: torch.Generator) -> Tensor:
    """(B, C, size, size) images, each turned to one of its eight orientations at random (rotated by
    multiples of 90 degrees, mirrored or not).
    """
    rotated = torch.empty_like(images)
    kind = torch.randint(8, (len(images),), generator=generator)
    for code in range(8):
        rows = kind == code
        some = torch.rot90(images[rows], code % 4, (-2, -1))
        rotated[rows] = some.flip(-1) if code >= 4 else some
    return rotated


def rotate_by_any_angle(images: Tensor, generator: torch.Generator) -> Tensor:
    """(B, C, size, size) images, each rotated about its centre by a random angle with bilinear
    interpolation; a random half of them is mirrored.

    Pixels from outside the image are 0.
    """
    angle = 2 * math.pi * torch.rand(len(images), generator=generator)
    mirror = 1.0 - 2.0 * torch.randint(2, (len(images),), generator=generator)
    cosine, sine = angle.cos(), angle.sin()
    rows = torch.stack(
        [
            torch.stack([cosine * mirror, -sine, torch.zeros_like(sine)], dim=1),
            torch.stack([sine * mirror, cosine, torch.zeros_like(sine)], dim=1),
        ],
        dim=1,
    )  # (B, 2, 3)
    grid = functional.affine_grid(rows, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", align_corners=False)


def random_crops(images: Tensor, size: int, generator: torch.Generator, reach: int) -> Tensor:
    """(B, C, size, size) crops at random positions, whose centres lie at most `reach` pixels from
    the image centre along each axis.
    """
    ny, nx = images.shape[-2:]
    cropped = images.new_empty(*images.shape[:2], size, size)
    for axis_size in (ny, nx):
        if axis_size < size:
            raise ValueError(f"crops of {size} pixels from images of {ny} x {nx}.")
    shifts = []
    for axis_size in (ny, nx):
        middle = (axis_size - size) // 2
        low, high = max(0, middle - reach), min(axis_size - size, middle + reach)
        shifts.append(torch.randint(low, high + 1, (len(images),), generator=generator))
    for number, (top, left) in enumerate(zip(*(s.tolist() for s in shifts), strict=True)):
        cropped[number] = images[number, :, top : top + size, left : left + size]
    return cropped


def noise_sigma(images: Tensor) -> Tensor:
    """(B, 3) standard deviation of the pixel noise in each band, in the unit of the images,
    estimated from second differences along rows.

    Galaxies are smooth, so they hardly change the median of the absolute differences. Where three
    neighbouring pixels are exactly 0, they are masked and left out.
    """
    left, middle, right = images[..., :-2], images[..., 1:-1], images[..., 2:]
    empty = (left == 0) & (middle == 0) & (right == 0)
    size = (left - 2 * middle + right).abs().masked_fill(empty, torch.nan).flatten(2)
    sigma = size.nanmedian(dim=2).values * 1.4826 / math.sqrt(6)
    return torch.nan_to_num(sigma)


def blur_batch(images: Tensor, sigma_pixels: Tensor) -> Tensor:
    """(B, 3, ny, nx) images convolved with a Gaussian; the edges are mirrored.

    Parameters
    ----------
    images : (B, 3, ny, nx)
    sigma_pixels : (B, 3)
        Width for each band of each image; 0 leaves the band unchanged.
    """
    n, bands, ny, nx = images.shape
    radius = int(TRUNCATE_SIGMAS * float(sigma_pixels.max()) + 0.5)
    if radius == 0:
        return images.clone()
    offset = torch.arange(-radius, radius + 1, dtype=images.dtype)
    sigma = sigma_pixels.to(images.dtype).flatten()[:, None]  # (B * 3, 1)
    kernel = torch.exp(-0.5 * (offset / sigma.clamp(min=1e-3)) ** 2)
    kernel[offset.abs() > (TRUNCATE_SIGMAS * sigma + 0.5).floor()] = 0.0
    kernel = kernel / kernel.sum(1, keepdim=True)
    planes = images.reshape(1, n * bands, ny, nx)
    for dims, shape in ((3, (1, -1)), (2, (-1, 1))):
        padded = _mirrored(planes, radius, dims)
        weight = kernel.reshape(n * bands, 1, *((1, -1) if shape[0] == 1 else (-1, 1)))
        planes = functional.conv2d(padded, weight, groups=n * bands)
    return planes.reshape(n, bands, ny, nx)


def degrade_images(
    images: Tensor,
    sky: SkyAugmentation,
    rng: np.random.Generator,
    generator: torch.Generator,
    *,
    chance: float,
    own_psf_sigma: Float64Array | None = None,
    own_reddening: Float64Array | None = None,
) -> Tensor:
    """(B, 3, ny, nx) images with worse seeing, other dust and more noise, each with a probability.

    The seeing and the noise to be reached are sampled from the distributions of the survey (Stein
    et al. 2022). An image is blurred, and gets noise, by the difference in quadrature between the
    sampled value and its own; nothing is added where the image is already worse. Dust is replaced
    before noise is added.

    Parameters
    ----------
    images : (B, 3, ny, nx)
        Nanomaggies.
    sky
        Strength and probability of the dust.
    rng, generator
        Sources of the random numbers.
    chance
        Probability of blur, and of noise.
    own_psf_sigma : (B, 3), optional
        Widths (sigma) in pixels of the point spread functions of the images; by default the median
        of the survey.
    own_reddening : (B,), optional
        E(B-V) of our Galaxy in front of each galaxy, in magnitudes; by default 0.
    """
    n = len(images)
    had_noise = noise_sigma(images).double().numpy()
    had_psf = own_psf_sigma
    if had_psf is None:
        had_psf = np.broadcast_to(MEDIAN_PSF_SIGMA_PIXELS, (n, 3))
    psf = draw_extra_sigma(PSF_SIGMA_PIXELS, n, rng, own=had_psf)
    psf *= rng.random((n, 1)) < chance
    had_dust = np.zeros(n) if own_reddening is None else own_reddening
    dust = rng.exponential(sky.reddening, n) - had_dust
    dust *= rng.random(n) < sky.dust
    noise = draw_extra_sigma(NOISE_SIGMA_NANOMAGGIES, n, rng, own=had_noise)
    noise *= rng.random((n, 1)) < chance
    changed = blur_batch(images, torch.from_numpy(psf))
    dimming = 10.0 ** (-0.4 * dust[:, None] * np.array(EXTINCTION_PER_REDDENING))
    changed *= torch.from_numpy(dimming).to(images.dtype)[..., None, None]
    drawn = torch.randn(images.shape, generator=generator)
    return changed + drawn * torch.from_numpy(noise).to(images.dtype)[..., None, None]


def rotation_for(sky: SkyAugmentation) -> Callable[[Tensor, torch.Generator], Tensor]:
    """The function that rotates a batch of images: `rotate_by_any_angle` if the settings ask for
    any angle, else `rotate_and_mirror`.
    """
    return rotate_by_any_angle if sky.any_angle else rotate_and_mirror


def _mirrored(planes: Tensor, radius: int, dim: int) -> Tensor:
    """The image planes, padded on both sides along axis `dim` by `radius` pixels that mirror the
    pixels at the edge (mode `symmetric` of `numpy.pad`).
    """
    size = planes.shape[dim]
    index = torch.arange(-radius, size + radius) % (2 * size)
    index = torch.where(index < size, index, 2 * size - 1 - index)
    return planes.index_select(dim, index)
