"""Parameters that are trained at the sizes of the paper."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from galsearch.core.modality import Modality
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from galsearch.encoders.network.cross_modal_model import CrossModalModel, initialise
from training.alignment import AlignmentConfig
from training.data.backbones import backbone_config
from training.engine.stage_config import read_stage_config
from training.objectives.pair_encoders import PairEncoders

SHORT = "n_steps = 2\nbatch_size = 8\nlog_steps = 1\n"


@pytest.fixture
def config(write_config: Callable[..., Path]) -> AlignmentConfig:
    return read_stage_config(write_config("alignment", SHORT), AlignmentConfig, {})


@pytest.fixture
def backbones(config: AlignmentConfig, tmp_path: Path) -> dict[str, str]:
    """A file for the backbone of each modality, as pre-training writes them."""
    paths = {}
    assert config.model is not None
    for modality in Modality:
        path = tmp_path / f"{modality.value}.safetensors"
        checkpoint.save(path, initialise(backbone_config(config.model, modality), 5))
        paths[f"{modality.value}_tower"] = str(path)
    return paths


def test_the_alignment_of_the_paper_accepts_its_pretrained_backbones() -> None:
    """AstroCLIP aligns AstroDINO's patch tokens without class token."""
    both, image = published_config(Published.ASTROCLIP), published_config(Published.ASTRODINO)
    assert both.image is not None
    assert dataclasses.replace(both.image, class_token=True) == image.image
    with torch.device("meta"):
        backbones = PairEncoders(CrossModalModel(both), ("image", "spectrum"))
    trainable = sum(p.numel() for p in backbones.parameters() if p.requires_grad)
    assert trainable == 12_595_200 + 12_070_912
