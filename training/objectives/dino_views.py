"""Views of images for self-distillation: augmented global and local crops, and patch masks."""

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import ConfigError
from galsearch.dataset import GalaxyBatch
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.preprocess.prepare import prepare_images
from training.augment.image_augmentation import (
    SkyAugmentation,
    degrade_images,
    random_crops,
    rotation_for,
)
from training.augment.patch_masks import draw_patch_masks
from training.engine.stage_config import StageConfig
from training.objectives.self_distillation import N_GLOBAL, Views


@dataclass(frozen=True)
class ViewConfig(StageConfig):
    """Settings of a training stage and of the random views of its images; a TOML file holds the
    differences from these defaults.
    """

    held_size: int = 128
    """Pixels on a side of the central part of a raw image that is held in memory or in a file:
    global crops with their shifts must fit inside.
    """
    global_reach: int = 8
    """Largest offset of the centre of a global crop from the galaxy, in pixels."""
    n_local: int = 4
    """Number of local crops of each galaxy."""
    local_size: int = 48
    """Pixels on a side of a local crop; a multiple of the patch size."""
    local_reach: int = 24
    """Largest offset of the centre of a local crop from the galaxy, in pixels."""
    sky: SkyAugmentation = field(default_factory=SkyAugmentation)
    """Changes of seeing, noise, dust and orientation."""
    mask_probability: float = 0.5
    """Share of the global crops in which patches are hidden from the student."""
    mask_ratio: tuple[float, ...] = (0.1, 0.5)
    """Smallest and largest share of hidden patches."""

    def __post_init__(self) -> None:
        super().__post_init__()
        section = self.model.image if self.model else None
        if section is None:
            return
        if self.local_size % section.patch_size:
            raise ConfigError(
                f"local_size = {self.local_size} must be a multiple of patch_size = "
                f"{section.patch_size}."
            )
        if self.held_size < section.image_size:
            raise ConfigError(
                f"held_size = {self.held_size} must not be less than image_size = "
                f"{section.image_size}."
            )


def central_pixels(batch: GalaxyBatch, size: int) -> Tensor:
    """(B, 3, size, size) central pixels of the images in nanomaggies, 0 where masked."""
    flux = np.where(batch.image_mask | ~np.isfinite(batch.image_flux), 0, batch.image_flux)
    top, left = ((n - size) // 2 for n in flux.shape[-2:])
    return torch.from_numpy(flux[..., top : top + size, left : left + size])


def draw_views(
    raw: Tensor,
    config: ViewConfig,
    psf: Float64Array | None,
    dust: Float64Array | None,
    seed: int,
) -> Views:
    """Global and local views of images, each with its own random augmentation.

    Parameters
    ----------
    raw : (B, 3, held_size, held_size)
        Nanomaggies.
    config
        Settings of the views and sizes of the model.
    psf : (B, 3), optional
        Widths (sigma) of the point spread functions in pixels.
    dust : (B,), optional
        E(B-V) of each galaxy.
    seed
        Determines all random numbers.
    """
    assert config.model is not None  # noqa: S101 (resolved)
    assert config.model.image is not None  # noqa: S101
    section = config.model.image
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    rotate = rotation_for(config.sky)

    def view(number: int, size: int, reach: int) -> Tensor:
        cropped = random_crops(rotate(raw, generator), size, generator, reach)
        degraded = degrade_images(
            cropped,
            config.sky,
            rng,
            generator,
            chance=config.sky.chance_of_view(number),
            own_psf_sigma=psf,
            own_reddening=dust,
        )
        return prepare_images(degraded.numpy(), None, with_image_size(config.model, size))

    global_crops = [view(n, section.image_size, config.global_reach) for n in range(N_GLOBAL)]
    local_crops = [
        view(N_GLOBAL + n, config.local_size, config.local_reach) for n in range(config.n_local)
    ]
    masks = draw_patch_masks(
        N_GLOBAL * len(raw),
        section.image_size // section.patch_size,
        probability=config.mask_probability,
        ratio=(config.mask_ratio[0], config.mask_ratio[1]),
        generator=generator,
    )
    empty = raw.new_zeros(0, raw.shape[1], config.local_size, config.local_size)
    return Views(torch.cat(global_crops), torch.cat(local_crops) if local_crops else empty, masks)


def with_image_size(model: ModelConfig | None, size: int) -> ModelConfig:
    """The model config with images of `size` pixels on a side; it is used only to prepare the
    images.
    """
    assert model is not None  # noqa: S101 (resolved)
    assert model.image is not None  # noqa: S101
    return dataclasses.replace(model, image=dataclasses.replace(model.image, image_size=size))
