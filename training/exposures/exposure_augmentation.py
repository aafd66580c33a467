"""Augmentation of stored exposures: position, orientation, dust, gain, missing bands and noise.

Stored images (`training.exposures`) are a few pixels larger than the crop that the encoder sees.
The changes are those that an encoder must not notice much, so that its vectors hold on real data.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.encoders.encoder_config import ImageConfig
from galsearch.encoders.preprocess.fill_masked import fill_masked
from galsearch.encoders.preprocess.prepare import SOFTENING_NANOMAGGIES, STRETCH_DIVISOR
from training.augment.image_augmentation import (
    EXTINCTION_PER_REDDENING,
    random_crops,
    rotate_and_mirror,
)
from training.exposures.exposure_record import SIDE_PIXELS, decode_images, decode_masks

_LARGEST_STRETCHED = 9.0 / STRETCH_DIVISOR


@dataclass(frozen=True)
class ExposureAugmentation:
    """Strengths of the random changes of stored images."""

    shift_pixels: int = 2
    """Largest shift along each axis, in pixels; the stored margin allows 6."""
    noise: float = 0.03
    """Standard deviation of the noise that is added to stretched images."""
    reddening: float = 0.03
    """Standard deviation of a change of E(B-V), in magnitudes."""
    gain: float = 0.1
    """Standard deviation of the natural logarithm of a factor on the flux of all bands."""
    gain_share: float = 1.0
    """Share of the images that have such a factor."""
    band_gain: float = 0.02
    """Standard deviation of the natural logarithm of a factor on each band by itself."""
    lost_band_share: float = 0.1
    """Share of the images of which one band is masked."""


def stored_images(
    codes: npt.NDArray[np.uint8], bits: npt.NDArray[np.uint8], config: ImageConfig
) -> Tensor:
    """Inputs (B, C, size, size) of the image network from stored exposures, without a change.

    Parameters
    ----------
    codes : (B, 3, 108, 108)
        Bytes of the images.
    bits : (B, 4374)
        Bits of their masks.
    config
        Size of the crop, and whether the masks are channels.
    """
    low = (SIDE_PIXELS - config.image_size) // 2
    inside = slice(low, low + config.image_size)
    images = decode_images(codes[..., inside, inside])
    return with_masks(images, decode_masks(bits)[..., inside, inside], config)


def with_masks(images: Tensor, masks: Tensor, config: ImageConfig) -> Tensor:
    """Images with their masks as further channels, where the network has such channels."""
    return torch.cat([images, masks.to(images)], dim=1) if config.mask_channels else images


def changed_images(
    codes: npt.NDArray[np.uint8],
    bits: npt.NDArray[np.uint8],
    config: ImageConfig,
    change: ExposureAugmentation,
    generator: torch.Generator,
) -> Tensor:
    """Inputs (B, C, size, size) of the image network from stored exposures, changed at random.

    The parameters are those of `stored_images`, with the strengths of the changes.
    """
    both = torch.cat([decode_images(codes), decode_masks(bits).float()], dim=1)
    both = random_crops(both, config.image_size, generator, change.shift_pixels)
    both = rotate_and_mirror(both, generator)
    images, masks = both[:, :3], both[:, 3:] > 0
    softening = torch.tensor(SOFTENING_NANOMAGGIES)[:, None, None]
    stretched = images.clamp(-_LARGEST_STRETCHED, _LARGEST_STRETCHED) * STRETCH_DIVISOR
    flux = torch.sinh(stretched) * softening * _factors(len(images), change, generator)
    _lose_bands(flux, masks, change.lost_band_share, generator)
    images = torch.asinh(flux / softening) / STRETCH_DIVISOR
    images = images + change.noise * torch.randn(images.shape, generator=generator)
    return with_masks(images, masks, config)


def _factors(n: int, change: ExposureAugmentation, generator: torch.Generator) -> Tensor:
    """(n, 3, 1, 1) factors on the flux of each band, by dust and errors of the calibration."""
    dust = change.reddening * torch.randn((n, 1), generator=generator)
    log_factor = -0.4 * np.log(10) * dust * torch.tensor(EXTINCTION_PER_REDDENING)
    gain = change.gain * torch.randn((n, 1), generator=generator)
    has_gain = torch.rand((n, 1), generator=generator) < change.gain_share
    log_factor = log_factor + torch.where(has_gain, gain, 0.0)
    log_factor = log_factor + change.band_gain * torch.randn((n, 3), generator=generator)
    factors: Tensor = log_factor.exp()[..., None, None]
    return factors


def _lose_bands(flux: Tensor, masks: Tensor, share: float, generator: torch.Generator) -> None:
    """Mask one band of some images, and fill it from the others as the preparation does."""
    some = torch.rand(len(flux), generator=generator) < share
    band = torch.randint(3, (len(flux),), generator=generator)
    # An image of one measured band keeps it.
    measured = ~masks.flatten(2).all(dim=2)
    some &= measured.sum(dim=1) > 1
    rows = some.nonzero()[:, 0]
    if not len(rows):
        return
    masks[rows, band[rows]] = True
    filled = fill_masked(flux[rows].numpy(), masks[rows].numpy())
    flux[rows] = torch.from_numpy(filled)
