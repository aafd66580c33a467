"""Alignment on exposures: it learns, continues bit for bit, and reads its configs."""

import json
from pathlib import Path

import pytest
import torch

from galsearch.core.errors import ConfigError
from galsearch.encoders import checkpoint
from tests.training.conftest import ROOT, TINY
from tests.training.exposures.random_exposures import write_exposures
from training import exposure_alignment
from training.alignment import ARCHITECTURES
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import read_stage_config
from training.exposure_alignment import ExposureAlignment, ExposureAlignmentConfig
from training.exposures.exposure_set import open_exposure_set

SETTINGS = "n_steps = 4\nbatch_size = 8\nlog_steps = 1\nvalidate_steps = 2\ncheckpoint_steps = 1\n"


@pytest.fixture(scope="module")
def exposures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_exposures(tmp_path_factory.mktemp("exposures") / "set")


@pytest.fixture
def config(tmp_path: Path) -> ExposureAlignmentConfig:
    path = tmp_path / "tiny.toml"
    sizes = TINY["alignment"].replace("image_size = 24", "image_size = 24\nmask_channels = true")
    path.write_text(SETTINGS + sizes)
    return read_stage_config(path, ExposureAlignmentConfig, {})


def train(config: ExposureAlignmentConfig, exposures: Path, out: Path) -> Path:
    directory = RunDirectory(out, "exposure_alignment")
    return exposure_alignment.train(config, open_exposure_set(exposures), directory, Processes())


def test_a_run_that_dies_continues_bit_for_bit(
    config: ExposureAlignmentConfig,
    exposures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = train(config, exposures, tmp_path / "whole")
    step_of = ExposureAlignment.train_step

    def dying(self: ExposureAlignment, step: int) -> object:
        if step == 3:
            raise KeyboardInterrupt
        return step_of(self, step)

    monkeypatch.setattr(ExposureAlignment, "train_step", dying)
    with pytest.raises(KeyboardInterrupt):
        train(config, exposures, tmp_path / "cut")
    monkeypatch.setattr(ExposureAlignment, "train_step", step_of)
    again = train(config, exposures, tmp_path / "cut")
    assert again.read_bytes() == whole.read_bytes()
    lines = [
        [
            {key: value for key, value in json.loads(line).items() if key != "seconds"}
            for line in (tmp_path / name / "log.jsonl").read_text().splitlines()
        ]
        for name in ("whole", "cut")
    ]
    assert lines[0] == lines[1]
    assert [line["step"] for line in lines[0]] == [1, 2, 2, 3, 4, 4]
    assert {"image_finds_itself", "spectrum_finds_itself"} <= lines[0][-1].keys()


def test_the_saved_encoder_is_the_average_and_not_the_last_weights(
    config: ExposureAlignmentConfig, exposures: Path, tmp_path: Path
) -> None:
    model = checkpoint.read(train(config, exposures, tmp_path / "run"))
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)["parts"]
    name = "spectrum_encoder.mlp.fc1.weight"
    name = name if name in state["model"] else next(iter(state["model"]))
    assert not torch.equal(state["model"][name], state["average"][f"module.{name}"])
    assert model.config.image is not None
    assert model.config.image.mask_channels


def test_shares_outside_their_range_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        ExposureAlignmentConfig(equal_redshift_share=1.0)
    assert str(caught.value) == (
        "equal_redshift_share and average_decay are numbers from 0 up to, but not including, 1; "
        "found 1.0 and 0.999."
    )


@pytest.mark.parametrize("name", ["small", "small-gpu"])
def test_the_shipped_configs_are_galsearch_small_with_mask_channels(name: str) -> None:
    path = ROOT / "training" / "configs" / "exposure_alignment" / f"{name}.toml"
    config = read_stage_config(path, ExposureAlignmentConfig, ARCHITECTURES)
    assert config.model is not None
    assert config.model.image is not None
    assert config.model.image.mask_channels
    assert (ROOT / config.start_from).is_file()
