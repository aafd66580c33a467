"""Pre-training on spectra with redshifts from a bank of templates."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from galsearch.core.errors import ConfigError, DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from training import image_pretraining, spectrum_pretraining
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, read_stage_config
from training.image_pretraining_config import ImagePretrainingConfig
from training.spectrum_pretraining import SpectrumPretrainingConfig

SHORT = "n_steps = 4\nbatch_size = 8\nlog_steps = 1\nvalidate_steps = 4\n"

STAGES = {
    "image_pretraining": (image_pretraining, ImagePretrainingConfig, Modality.IMAGE),
    "spectrum_pretraining": (spectrum_pretraining, SpectrumPretrainingConfig, Modality.SPECTRUM),
}


@pytest.fixture
def config_of(write_config: Callable[..., Path]) -> Callable[..., StageConfig]:
    def read(stage: str, **changes: object) -> StageConfig:
        config = read_stage_config(write_config(stage, SHORT), STAGES[stage][1], {})
        return dataclasses.replace(config, **changes)

    return read


def train(stage: str, config: StageConfig, dataset: Path, out: Path) -> Path:
    directory = RunDirectory(out, stage)
    found: Path = STAGES[stage][0].train(config, open_dataset(dataset), directory, Processes())
    return found


def test_a_redshift_loss_needs_a_bank_of_templates(
    config_of: Callable[..., StageConfig], learning_set: Path, tmp_path: Path
) -> None:
    config = config_of("spectrum_pretraining")
    train("spectrum_pretraining", config, learning_set, tmp_path / "run")
    lines = map(json.loads, (tmp_path / "run" / "log.jsonl").read_text().splitlines())
    found = [line for line in lines if "validation_loss" in line]
    assert 0 <= found[-1]["redshift_over_0.005"] <= 1
    assert found[-1]["redshift_nmad"] >= 0
    assert config.model is not None
    assert config.model.spectrum is not None
    without = dataclasses.replace(config.model.spectrum, n_templates=0)
    with pytest.raises(ConfigError, match=r"n_templates is 0: there is none\.\n"):
        dataclasses.replace(config, model=dataclasses.replace(config.model, spectrum=without))
    wrong = dataclasses.replace(config, redshift_column="mass")
    with pytest.raises(DatasetError, match="label 'mass': dataset"):
        train("spectrum_pretraining", wrong, learning_set, tmp_path / "wrong")
