"""Both pre-training stages, and an alignment of the backbones they make."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.encoders import checkpoint
from galsearch.encoders.astroclip.published import Published, published_config
from tests.training.conftest import ROOT
from training import alignment, image_pretraining, spectrum_pretraining
from training.data.backbones import backbone_config
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


def test_pretrained_backbones_are_used_by_an_alignment(
    config_of: Callable[..., StageConfig],
    write_config: Callable[..., Path],
    learning_set: Path,
    tmp_path: Path,
) -> None:
    backbones = {}
    for stage, (_, _, modality) in STAGES.items():
        config = config_of(stage)
        path = train(stage, config, learning_set, tmp_path / stage)
        assert config.model is not None
        assert checkpoint.read(path).config == backbone_config(config.model, modality)
        lines = (tmp_path / stage / "log.jsonl").read_text().splitlines()
        assert sum("learning_rate" in line for line in lines) == 4
        backbones[f"{modality.value}_tower"] = str(path)
    settings = read_stage_config(write_config("alignment", SHORT), alignment.AlignmentConfig, {})
    settings = dataclasses.replace(settings, **backbones, learning_rate=1e-9)
    aligned = alignment.train(
        settings,
        open_dataset(learning_set),
        RunDirectory(tmp_path / "aligned", "alignment"),
        Processes(),
    )
    model = checkpoint.read(aligned)
    for stage, (_, _, modality) in STAGES.items():
        given = checkpoint.read(backbones[f"{modality.value}_tower"]).state_dict()
        found = model.state_dict()
        assert set(given) <= set(found), stage
        for name, weight in given.items():
            torch.testing.assert_close(found[name], weight, rtol=0, atol=1e-6)


def test_the_papers_three_stages_at_toy_size(learning_set: Path, tmp_path: Path) -> None:
    """The preparation `released`, shapes of AstroDINO and SpecFormer, frozen backbones, heads."""
    sections = {
        "image": {"img_size": 24, "embed_dim": 16, "depth": 2, "num_heads": 2, "block_chunks": 1},
        "specformer": {"embed_dim": 16, "num_layers": 1, "num_heads": 2},
        "head": {
            "embed_dim": 16,
            "n_head": 2,
            "image_model_embed_dim": 16,
            "spectrum_model_embed_dim": 16,
        },
        "dino_head": {"in_dim": 16, "out_dim": 32, "hidden_dim": 16, "bottleneck_dim": 8},
    }
    dataset, few = open_dataset(learning_set), {"n_steps": 2, "batch_size": 8, "log_steps": 1}
    backbones = {}
    for stage, (module, kind, modality) in STAGES.items():
        published = {
            "image_pretraining": Published.ASTRODINO,
            "spectrum_pretraining": Published.SPECFORMER,
        }[stage]
        path = ROOT / "training" / "configs" / stage / "astroclip.toml"
        config = read_stage_config(path, kind, module.ARCHITECTURES)
        toy = {"model": published_config(published, sections), **few}
        if stage == "image_pretraining":
            toy |= {"held_size": 32, "local_size": 12, "global_reach": 4, "local_reach": 8}
        config = dataclasses.replace(config, **toy, precision="fp32", probe_label="")
        backbones[f"{modality.value}_tower"] = str(
            train(stage, config, learning_set, tmp_path / stage)
        )
    path = ROOT / "training" / "configs" / "alignment" / "astroclip.toml"
    config = read_stage_config(path, alignment.AlignmentConfig, alignment.ARCHITECTURES)
    model = published_config(Published.ASTROCLIP, sections)
    features = str(tmp_path / "features")
    config = dataclasses.replace(config, model=model, features=features, **few, **backbones)
    directory = RunDirectory(tmp_path / "aligned", "alignment")
    encoder = checkpoint.read(alignment.train(config, dataset, directory, Processes()))
    assert encoder.config == model
    lines = [json.loads(line) for line in directory.log_path.read_text().splitlines()]
    assert [line["scale"] for line in lines if "scale" in line] == [15.5, 15.5]
    assert np.load(tmp_path / "features" / "image-tokens.npy").shape == (48, 4, 16)
    assert np.load(tmp_path / "features" / "spectrum-tokens.npy").shape == (48, 778, 16)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_learns(
    stage: str, config_of: Callable[..., StageConfig], learning_set: Path, tmp_path: Path
) -> None:
    changes = {"n_steps": 100, "batch_size": 20, "validate_steps": 100}
    train(stage, config_of(stage, **changes), learning_set, tmp_path / "run")
    lines = map(json.loads, (tmp_path / "run" / "log.jsonl").read_text().splitlines())
    losses = [line["loss"] for line in lines if "loss" in line]
    # Self-distillation becomes harder until the teacher's centres have settled.
    settled = 25
    assert np.mean(losses[-10:]) < 0.97 * np.mean(losses[settled : settled + 10])


@pytest.mark.parametrize("stage", STAGES)
def test_a_dataset_without_the_stages_modality_is_refused(
    stage: str, config_of: Callable[..., StageConfig], make_dataset: Callable[..., Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    dataset = make_dataset(16, 2, cutouts=False)
    config = config_of(stage, probe_label="")
    if stage == "spectrum_pretraining":
        train(stage, config, dataset, tmp_path / "run")
        return
    with pytest.raises(DatasetError) as caught:
        train(stage, config, dataset, tmp_path / "run")
    assert str(caught.value) == (
        "dataset 'tiny' has 0 training and 0 validation galaxies with image, at least 2 of each "
        "are needed. Of its 18 galaxies 0 have an image, 18 a spectrum, and 0 both: ingest more."
    )
