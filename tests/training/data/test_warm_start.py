"""Training starts from earlier weights, which may lack mask channels."""

import dataclasses
from pathlib import Path

import pytest
import torch

from galsearch.core.errors import CheckpointError
from galsearch.encoders import checkpoint
from galsearch.encoders.network.cross_modal_model import initialise
from tests.training.exposures.test_exposure_inputs import SIZES
from training.data.warm_start import load_weights

assert SIZES.image is not None
OLDER = dataclasses.replace(
    SIZES, name="older", image=dataclasses.replace(SIZES.image, mask_channels=False)
)


def test_new_mask_channels_change_nothing_until_they_are_trained(tmp_path: Path) -> None:
    older = initialise(OLDER, seed=1).eval()
    digest = checkpoint.save(tmp_path / "older.safetensors", older)
    model = initialise(SIZES, seed=2).eval()
    assert load_weights(model, tmp_path / "older.safetensors") == digest
    images, masks = torch.randn(2, 3, 24, 24), (torch.rand(2, 3, 24, 24) < 0.1).float()
    with torch.inference_mode():
        torch.testing.assert_close(model.image(torch.cat([images, masks], 1)), older.image(images))


def test_other_sizes_and_lost_channels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    checkpoint.save(path, initialise(SIZES, seed=1))
    with pytest.raises(CheckpointError) as caught:
        load_weights(initialise(OLDER, seed=1), path)
    assert str(caught.value) == (
        f"{path}: its images have 6 channels, those of the model 3. Set mask_channels = true."
    )
    deeper = dataclasses.replace(SIZES, image=dataclasses.replace(SIZES.image, depth=2))
    with pytest.raises(CheckpointError) as caught:
        load_weights(initialise(deeper, seed=1), path)
    assert str(caught.value) == (
        f"{path}: has another config than the model's: image.depth is 1, not 2. Take a checkpoint "
        "of this architecture, or change the config."
    )
