"""The stages whose training is measured have the configs of the paper and of the small model."""

import dataclasses

import pytest

from benchmarks.gpu.training_rates import CONFIGS, STAGES
from training.engine.stage_config import PAPER, read_stage_config


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_has_the_sizes_of_the_paper(name: str) -> None:
    _, kind, architectures, changes = STAGES[name]
    config = read_stage_config(CONFIGS / name / "astroclip.toml", kind, architectures)
    changed = dataclasses.replace(config, **changes, batch_size=64)
    assert changed.model == architectures[PAPER]
    assert (CONFIGS / name / "small.toml").is_file()
