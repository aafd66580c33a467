"""Values of the teacher and the optimiser that change during a pre-training on images."""

import dataclasses

import pytest

from galsearch.encoders.encoder_config import ImageConfig, ModelConfig, PrototypeConfig
from training.image_pretraining_config import ImagePretrainingConfig, scheduled_values

MODEL = ModelConfig(
    "tiny",
    "galsearch",
    ImageConfig(image_size=24, width=16, depth=2, n_heads=2),
    prototypes=PrototypeConfig(32, 3, 16, 8),
)


@pytest.fixture
def config() -> ImagePretrainingConfig:
    return dataclasses.replace(
        ImagePretrainingConfig(), model=MODEL, held_size=32, local_size=12, n_local=3
    )


def test_schedules_begin_and_end_at_the_configured_values(config: ImagePretrainingConfig) -> None:
    assert scheduled_values(0, 1000, config) == pytest.approx((0.992, 0.04, config.weight_decay))
    assert scheduled_values(149, 1000, config)[1] == pytest.approx(0.07)
    momentum, temperature, decay = scheduled_values(1000, 1000, config)
    assert (momentum, temperature, decay) == (1.0, 0.07, config.final_weight_decay)
