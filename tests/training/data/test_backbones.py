"""Backbones from files, and backbones of another shape or modality."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from galsearch.core.errors import CheckpointError
from galsearch.core.fingerprint import short_digest
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.network.cross_modal_model import initialise
from tests.training.short_runs import train_alignment
from training.alignment import AlignmentConfig
from training.data.backbones import backbone_config, encoder_of, load_backbone, prepare_pixels


def test_frozen_tokens_are_those_of_the_backbone(
    config: AlignmentConfig, backbones: dict[str, str], learning_set: Path, tmp_path: Path
) -> None:
    frozen = dataclasses.replace(
        config, **backbones, frozen=("image",), features=str(tmp_path / "f")
    )
    train_alignment(frozen, learning_set, tmp_path / "run")
    dataset = open_dataset(learning_set)
    stored = np.load(tmp_path / "f" / "image-tokens.npy")
    assert len(stored) == len(dataset) == 48
    batch = dataset.read(dataset.target_ids[[3, 30]])
    backbone = encoder_of(checkpoint.read(backbones["image_tower"]), Modality.IMAGE).backbone
    tokens = backbone(prepare_pixels(batch, Modality.IMAGE, config.model))
    found = torch.from_numpy(stored[[3, 30]]).float()
    torch.testing.assert_close(found, tokens, rtol=2e-3, atol=2e-3)


def test_features_of_another_backbone_are_refused(
    config: AlignmentConfig, backbones: dict[str, str], learning_set: Path, tmp_path: Path
) -> None:
    features = tmp_path / "features"
    frozen = dataclasses.replace(config, **backbones, frozen=("image",), features=str(features))
    train_alignment(frozen, learning_set, tmp_path / "first")
    before = json.loads((features / "image-tokens.json").read_text())["tower"]
    assert config.model is not None
    other = tmp_path / "other.safetensors"
    after = checkpoint.save(other, initialise(backbone_config(config.model, Modality.IMAGE), 6))
    changed = dataclasses.replace(frozen, image_tower=str(other))
    with pytest.raises(CheckpointError) as caught:
        train_alignment(changed, learning_set, tmp_path / "second")
    assert str(caught.value) == (
        f"{features / 'image-tokens.npy'} was made from something else: tower is "
        f"{short_digest(before)}..., not {short_digest(after)}.... Name another directory, or "
        "delete it."
    )
    assert not (tmp_path / "second" / "state.pt").exists()


def test_features_of_another_dataset_are_refused(
    config: AlignmentConfig,
    backbones: dict[str, str],
    learning_set: Path,
    make_dataset: Callable[..., Path],
    tmp_path: Path,
) -> None:
    features = tmp_path / "features"
    frozen = dataclasses.replace(config, **backbones, frozen=("image",), features=str(features))
    train_alignment(frozen, learning_set, tmp_path / "first")
    with pytest.raises(CheckpointError, match="was made from something else: galaxies is "):
        train_alignment(frozen, make_dataset(12, 2), tmp_path / "second")


def test_a_backbone_of_another_config_is_refused(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    assert config.model is not None
    assert config.model.image is not None
    wider = dataclasses.replace(config.model.image, width=32, depth=3)
    path = tmp_path / "wider.safetensors"
    other = dataclasses.replace(backbone_config(config.model, Modality.IMAGE), image=wider)
    checkpoint.save(path, initialise(other, 5))
    with pytest.raises(CheckpointError) as caught:
        train_alignment(
            dataclasses.replace(config, image_tower=str(path)), learning_set, tmp_path / "run"
        )
    assert str(caught.value) == (
        f"{path}: its backbone has another config than the model's: image.width is 32, not 16; "
        "image.depth is 3, not 2. Take a checkpoint of this architecture, or change the config."
    )
    assert not (tmp_path / "run" / "state.pt").exists()


def test_a_backbone_of_the_other_modality_is_refused(
    config: AlignmentConfig, backbones: dict[str, str]
) -> None:
    assert config.model is not None
    with pytest.raises(CheckpointError) as caught:
        load_backbone(initialise(config.model, 1), Modality.SPECTRUM, backbones["image_tower"])
    assert str(caught.value) == (
        f"{backbones['image_tower']}: has no spectrum encoder to start from."
    )
