"""What may happen to a picture of the sky between two looks at it, for whole batches.

The sky has no up and no handedness, air blurs, detectors are noisy, dust reddens: two views of a
galaxy that differ in these are one galaxy. Nothing here knows about models; fluxes are
nanomaggies in the bands g, r, z until they are prepared.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from galsearch.core.errors import ConfigError
from training.augment.psf_and_noise import (
    NOISE_SIGMA_NANOMAGGIES,
    PSF_SIGMA_PIXELS,
    TRUNCATE_SIGMAS,
    draw_extra_sigma,
)

EXTINCTION_PER_REDDENING = (3.214, 2.165, 1.211)
"""A_g, A_r, A_z in magnitudes for E(B-V) = 1 (Schlegel et al. 1998 scale; Schlafly and
Finkbeiner 2011, DECam), as the Legacy Surveys use them."""
MEDIAN_PSF_SIGMA_PIXELS = tuple(
    scale + location
    for scale, location in zip(PSF_SIGMA_PIXELS.scale, PSF_SIGMA_PIXELS.location, strict=True)
)

N_KINDS = 3


@dataclass(frozen=True)
class SkyAugmentation:
    """Chances and strengths of what is done to a view."""

    view_chances: tuple[float, ...] = (1.0, 0.1, 0.5)
    """Of more seeing, and of more noise: in the first global view, the second, and local ones.
    AstroDINO's config says so; its code acted with one minus these."""
    dust: float = 0.5
    """Chance of other dust in our Galaxy in front of a view."""
    reddening: float = 0.03
    """Mean of the drawn E(B-V), exponential; it replaces the galaxy's own."""
    any_angle: bool = False
    """Turned by any angle (resampled), or by quarter turns, which change no pixel."""

    def __post_init__(self) -> None:
        if len(self.view_chances) != N_KINDS:
            raise ConfigError(
                f"view_chances are {N_KINDS} numbers (first and second global view, local "
                f"views), found {len(self.view_chances)}."
            )

    def chance_of_view(self, number: int) -> float:
        """Of the views 0 and 1 (global) and all others (local)."""
        return self.view_chances[min(number, N_KINDS - 1)]


def turn_and_mirror(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image in one of its eight orientations. The sky has no up: an embedding that knew
    orientation would know the observer.
    """
    turned = torch.empty_like(images)
    kind = torch.randint(8, (len(images),), generator=generator)
    for code in range(8):
        rows = kind == code
        some = torch.rot90(images[rows], code % 4, (-2, -1))
        turned[rows] = some.flip(-1) if code >= 4 else some
    return turned


def turn_by_any_angle(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image turned about its centre by any angle (bilinear), half of them mirrored.

    Corners that come from outside are 0.
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
    """(B, C, size, size): a square of each, its centre at most `reach` pixels from the image's."""
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
    """(B, 3) standard deviation of each band's pixel noise, from second differences along a row.

    The median of their sizes hardly sees the galaxy, which is smooth; masked pixels (exact zeros)
    are left out where three lie in a row.
    """
    left, middle, right = images[..., :-2], images[..., 1:-1], images[..., 2:]
    empty = (left == 0) & (middle == 0) & (right == 0)
    size = (left - 2 * middle + right).abs().masked_fill(empty, torch.nan).flatten(2)
    sigma = size.nanmedian(dim=2).values * 1.4826 / math.sqrt(6)
    return torch.nan_to_num(sigma)


def blur_batch(images: Tensor, sigma_pixels: Tensor) -> Tensor:
    """(B, 3, ny, nx) convolved with a Gaussian each band of each image, mirrored at the edges.

    `augment.blur` for a batch: (B, 3) widths, 0 leaves a band as it is.
    """
    n, bands, ny, nx = images.shape
    radius = int(TRUNCATE_SIGMAS * float(sigma_pixels.max()) + 0.5)
    if radius == 0:
        return images.clone()
    place = torch.arange(-radius, radius + 1, dtype=images.dtype)
    sigma = sigma_pixels.to(images.dtype).flatten()[:, None]  # (B * 3, 1)
    kernel = torch.exp(-0.5 * (place / sigma.clamp(min=1e-3)) ** 2)
    kernel[place.abs() > (TRUNCATE_SIGMAS * sigma + 0.5).floor()] = 0.0
    kernel = kernel / kernel.sum(1, keepdim=True)
    planes = images.reshape(1, n * bands, ny, nx)
    for dims, shape in ((3, (1, -1)), (2, (-1, 1))):
        padded = _mirrored(planes, radius, dims)
        weight = kernel.reshape(n * bands, 1, *((1, -1) if shape[0] == 1 else (-1, 1)))
        planes = functional.conv2d(padded, weight, groups=n * bands)
    return planes.reshape(n, bands, ny, nx)


def worse_skies(
    images: Tensor,
    sky: SkyAugmentation,
    rng: np.random.Generator,
    generator: torch.Generator,
    *,
    chance: float,
    own_psf_sigma: npt.NDArray[np.float64] | None = None,
    own_reddening: npt.NDArray[np.float64] | None = None,
) -> Tensor:
    """(B, 3, ny, nx): blurred, reddened and noisier, each with its chance.

    Widths and noise are drawn from the survey's own (Stein et al. 2022), and what is missing from
    the image's own to the drawn one is added in quadrature: nothing where it is better than the
    image. Dust in front is exchanged before noise is added.

    Parameters
    ----------
    images : (B, 3, ny, nx)
        Nanomaggies.
    chance
        Of blur, and of noise.
    own_psf_sigma : (B, 3), optional
        Widths in pixels; the survey's median where they are not known.
    own_reddening : (B,), optional
        E(B-V) in front of each galaxy; 0 where it is not known.
    """
    n = len(images)
    had_noise = noise_sigma(images).double().numpy()
    had_psf = (
        np.broadcast_to(MEDIAN_PSF_SIGMA_PIXELS, (n, 3))
        if own_psf_sigma is None
        else (own_psf_sigma)
    )
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


def turner(sky: SkyAugmentation) -> Callable[[Tensor, torch.Generator], Tensor]:
    """How views are turned."""
    return turn_by_any_angle if sky.any_angle else turn_and_mirror


def _mirrored(planes: Tensor, radius: int, dim: int) -> Tensor:
    """Padded by `radius` along `dim`, the edge pixel repeated (as `symmetric` in NumPy)."""
    size = planes.shape[dim]
    place = torch.arange(-radius, size + radius)
    place = place % (2 * size)
    place = torch.where(place < size, place, 2 * size - 1 - place)
    return planes.index_select(dim, place)
