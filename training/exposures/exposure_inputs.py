"""Inputs of the encoders from stored exposures: changed at random for training, or unchanged."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.arrays import Rows
from galsearch.core.modality import Modality
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.encoders.network.cross_modal_model import CrossModalModel
from training.augment.spectrum_augmentation import SpectrumAugmentation, reobserve
from training.data.backbones import encoder_of
from training.exposures.exposure_augmentation import (
    ExposureAugmentation,
    changed_images,
    stored_images,
)
from training.exposures.exposure_record import N_EXPOSURES
from training.exposures.exposure_set import ExposureSet
from training.objectives.contrastive_step import Part

BATCH_SIZE = 50
"""Number of galaxies that are embedded at once."""


def changed_pairs(
    records: npt.NDArray[np.void],
    sizes: ModelConfig,
    image_change: ExposureAugmentation,
    spectrum_change: SpectrumAugmentation,
    generator: torch.Generator,
) -> Part:
    """Changed images and spectra (2 B, ...) of B galaxies.

    Rows 2 i and 2 i + 1 are the two exposures of galaxy i.
    """
    assert sizes.image is not None  # noqa: S101 (checked before the run began)
    assert sizes.spectrum is not None  # noqa: S101
    codes, bits = records["image"], records["mask"]
    images = changed_images(
        codes.reshape(-1, *codes.shape[2:]),
        bits.reshape(-1, bits.shape[-1]),
        sizes.image,
        image_change,
        generator,
    )
    spectra = torch.from_numpy(records["spectrum"].astype(np.float32)).flatten(0, 1)
    return images, reobserve(spectra, sizes.spectrum, spectrum_change, generator)


@torch.inference_mode()
def embed_exposures(
    model: CrossModalModel, exposures: ExposureSet, rows: Rows, device: torch.device
) -> dict[Modality, Tensor]:
    """(n, 2, E) embeddings of both unchanged exposures of some galaxies, by modality."""
    assert model.config.image is not None  # noqa: S101 (checked before the run began)
    found: dict[Modality, list[Tensor]] = {modality: [] for modality in Modality}
    model.to(device).eval()
    for start in range(0, len(rows), BATCH_SIZE):
        records = exposures.take(rows[start : start + BATCH_SIZE])
        codes, bits = records["image"], records["mask"]
        inputs = {
            Modality.IMAGE: stored_images(
                codes.reshape(-1, *codes.shape[2:]),
                bits.reshape(-1, bits.shape[-1]),
                model.config.image,
            ),
            Modality.SPECTRUM: torch.from_numpy(records["spectrum"].astype(np.float32)).flatten(
                0, 1
            ),
        }
        for modality, some in inputs.items():
            vectors = encoder_of(model, modality)(some.to(device))
            found[modality].append(vectors.unflatten(0, (len(records), N_EXPOSURES)))
    return {modality: torch.cat(some) for modality, some in found.items()}
