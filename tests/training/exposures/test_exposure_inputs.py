"""Inputs from stored exposures keep both exposures of a galaxy together."""

from pathlib import Path

import numpy as np
import torch

from galsearch.core.modality import Modality
from galsearch.encoders.encoder_config import HeadConfig, ImageConfig, ModelConfig, SpectrumConfig
from galsearch.encoders.network.cross_modal_model import initialise
from tests.training.exposures.random_exposures import random_records, write_exposures
from training.augment.spectrum_augmentation import SpectrumAugmentation
from training.exposures.exposure_augmentation import ExposureAugmentation, stored_images
from training.exposures.exposure_inputs import changed_pairs, embed_exposures
from training.exposures.exposure_set import open_exposure_set

SIZES = ModelConfig(
    name="tiny",
    preparation="galsearch",
    image=ImageConfig(image_size=24, width=16, depth=1, n_heads=2, mask_channels=True),
    spectrum=SpectrumConfig(width=16, depth=1, n_heads=2, n_templates=2),
    image_head=HeadConfig(width=16, n_heads=2),
    spectrum_head=HeadConfig(width=16, n_heads=2),
)


def test_the_exposures_of_a_galaxy_are_adjacent_rows() -> None:
    records = random_records(3, seed=2)
    none = ExposureAugmentation(
        shift_pixels=0, noise=0.0, reddening=0.0, gain=0.0, band_gain=0.0, lost_band_share=0.0
    )
    pair = changed_pairs(
        records, SIZES, none, SpectrumAugmentation(), torch.Generator().manual_seed(1)
    )
    images, spectra = pair
    assert images.shape == (6, 6, 24, 24)
    assert spectra.shape == (6, 65, 132)
    level = torch.asinh(torch.sinh(3 * images[:, :3])).mean(dim=(1, 2, 3)) / 3
    wanted = stored_images(records["image"][:, 0], records["mask"][:, 0], SIZES.image)
    torch.testing.assert_close(level[::2], wanted[:, :3].mean(dim=(1, 2, 3)), rtol=1e-4, atol=1e-4)


def test_embeddings_are_those_of_each_exposure_by_itself(tmp_path: Path) -> None:
    exposures = open_exposure_set(write_exposures(tmp_path / "set"))
    model = initialise(SIZES, seed=3)
    rows = np.arange(60)
    found = embed_exposures(model, exposures, rows, torch.device("cpu"))
    record = exposures.take(np.array([57]))
    with torch.inference_mode():
        image = model.image(stored_images(record["image"][:, 1], record["mask"][:, 1], SIZES.image))
        tokens = torch.from_numpy(record["spectrum"][:, 1].astype(np.float32))
        spectrum = model.spectrum(tokens)
    torch.testing.assert_close(found[Modality.IMAGE][57, 1], image[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found[Modality.SPECTRUM][57, 1], spectrum[0], rtol=1e-4, atol=1e-5)
