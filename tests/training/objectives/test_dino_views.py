"""Shapes and randomness of the views."""

import dataclasses

import pytest
import torch

from galsearch.encoders.encoder_config import ImageConfig, ModelConfig, PrototypeConfig
from training.image_pretraining_config import ImagePretrainingConfig
from training.objectives.dino_views import draw_views

MODEL = ModelConfig(
    "tiny",
    "galsearch",
    ImageConfig(image_size=24, width=16, depth=2, n_heads=2),
    prototypes=PrototypeConfig(32, 3, 16, 8),
)


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def config() -> ImagePretrainingConfig:
    return dataclasses.replace(
        ImagePretrainingConfig(), model=MODEL, held_size=32, local_size=12, n_local=3
    )


def test_views_have_the_shapes_of_their_kinds(config: ImagePretrainingConfig) -> None:
    raw = torch.rand(4, 3, 32, 32, generator=seeded())
    views = draw_views(raw, config, None, None, 7)
    assert views.global_crops.shape == (8, 3, 24, 24)
    assert views.local_crops.shape == (12, 3, 12, 12)
    assert views.masks.shape == (8, 4)
    again = draw_views(raw, config, None, None, 7)
    assert torch.equal(views.global_crops, again.global_crops)
    assert torch.equal(views.local_crops, again.local_crops)
    assert not torch.equal(views.global_crops, draw_views(raw, config, None, None, 8).global_crops)
    none = draw_views(raw, dataclasses.replace(config, n_local=0), None, None, 7)
    assert none.local_crops.shape == (0, 3, 12, 12)
