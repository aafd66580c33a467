"""Residual branches are skipped with the given probability."""

import pytest
import torch

from galsearch.encoders.encoder_config import ImageConfig, ModelConfig, PrototypeConfig
from galsearch.encoders.network.cross_modal_model import initialise
from training.objectives.drop_path import add_drop_path
from training.objectives.self_distillation import (
    DistillationNetwork,
)

MODEL = ModelConfig(
    "tiny",
    "galsearch",
    ImageConfig(image_size=24, width=16, depth=2, n_heads=2),
    prototypes=PrototypeConfig(32, 3, 16, 8),
)


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def student() -> DistillationNetwork:
    return DistillationNetwork(initialise(MODEL, 1))


def test_a_residual_branch_is_left_out_with_the_requested_probability(
    student: DistillationNetwork,
) -> None:
    images = torch.randn(400, 3, 24, 24, generator=seeded())
    whole = student.backbone(images)
    block = student.backbone.blocks[0]["0"]
    seen = []
    block.attn.register_forward_hook(lambda _, __, out: seen.append(out))
    add_drop_path(student.backbone, 0.3)
    block.attn.register_forward_hook(lambda _, __, out: seen.append(out))
    torch.manual_seed(1)
    student.train()
    student.backbone(images)
    before, after = seen
    present = after.flatten(1).any(1)
    assert 0.62 < float(present.float().mean()) < 0.78
    torch.testing.assert_close(after[present], before[present] / 0.7)
    student.eval()
    torch.testing.assert_close(student.backbone(images), whole)
