"""Views of images for self-distillation: crops under skies of their own, and what is masked."""

import dataclasses
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.errors import ConfigError
from galsearch.dataset import GalaxyBatch
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.preprocess.prepare import prepare_images
from training.augment.image_augmentation import SkyAugmentation, random_crops, turner, worse_skies
from training.augment.patch_masks import draw_patch_masks
from training.engine.stage_config import StageConfig
from training.objectives.self_distillation import N_GLOBAL, Views


@dataclass(frozen=True)
class ViewConfig(StageConfig):
    """What views are made of; a TOML file holds differences from these."""

    held_size: int = 128
    """Pixels a side that are kept of a raw image: global crops and their shifts fit inside."""
    global_reach: int = 8
    """Pixels by which a global crop's centre may be off the galaxy."""
    n_local: int = 4
    """Local crops a galaxy."""
    local_size: int = 48
    """Pixels a side; a multiple of the patch size."""
    local_reach: int = 24
    """Pixels by which a local crop's centre may be off the galaxy."""
    sky: SkyAugmentation = field(default_factory=SkyAugmentation)
    """What is done to a view's sky."""
    mask_probability: float = 0.5
    """Share of global crops that are masked for the student."""
    mask_ratio: tuple[float, ...] = (0.1, 0.5)
    """Least and largest share of masked patches."""

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


def raw_centre(batch: GalaxyBatch, size: int) -> Tensor:
    """(B, 3, size, size) nanomaggies around the galaxy, 0 where masked."""
    flux = np.where(batch.image_mask | ~np.isfinite(batch.image_flux), 0, batch.image_flux)
    top, left = ((n - size) // 2 for n in flux.shape[-2:])
    return torch.from_numpy(flux[..., top : top + size, left : left + size])


def draw_views(
    raw: Tensor,
    config: ViewConfig,
    psf: npt.NDArray[np.float64] | None,
    dust: npt.NDArray[np.float64] | None,
    seed: int,
) -> Views:
    """Global and local views of raw images (B, 3, held, held), each under skies of its own."""
    assert config.model is not None  # noqa: S101 (resolved)
    assert config.model.image is not None  # noqa: S101
    section = config.model.image
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    turn = turner(config.sky)

    def view(number: int, size: int, reach: int) -> Tensor:
        turned = random_crops(turn(raw, generator), size, generator, reach)
        worse = worse_skies(
            turned,
            config.sky,
            rng,
            generator,
            chance=config.sky.chance_of_view(number),
            own_psf_sigma=psf,
            own_reddening=dust,
        )
        return prepare_images(worse.numpy(), None, sized(config.model, size))

    whole = [view(n, section.image_size, config.global_reach) for n in range(N_GLOBAL)]
    local = [
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
    return Views(torch.cat(whole), torch.cat(local) if local else empty, masks)


def sized(model: ModelConfig | None, size: int) -> ModelConfig:
    """The same model for images of another size: its preparation alone is of use."""
    assert model is not None  # noqa: S101 (resolved)
    assert model.image is not None  # noqa: S101
    return dataclasses.replace(model, image=dataclasses.replace(model.image, image_size=size))
