"""Alignment in this process: learning, frozen backbones, and settings that are refused."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from galsearch.core.errors import ConfigError, DatasetError
from galsearch.core.modality import Modality
from galsearch.encoders import checkpoint
from tests.training.short_runs import train_alignment
from training.alignment import AlignmentConfig
from training.data.backbones import encoder_of
from training.engine.stage_config import read_stage_config

LONGER = "n_steps = 30\nbatch_size = 20\nlog_steps = 1\nvalidate_steps = 30\n"


def read_log(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def without_clock(run: Path) -> list[dict[str, float]]:
    return [{k: v for k, v in line.items() if k != "seconds"} for line in read_log(run)]


def test_a_run_from_scratch_learns_and_its_encoder_embeds(
    learning_set: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_config("alignment", LONGER)
    config = read_stage_config(path, AlignmentConfig, {})
    encoder = train_alignment(config, learning_set, tmp_path / "run")
    lines = read_log(tmp_path / "run")
    losses = [line["loss"] for line in lines if "loss" in line]
    assert len(losses) == 30
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert lines[-1]["pool"] == 8
    model = checkpoint.read(encoder)
    assert model.config == config.model
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "run" / "config.json").read_text())["n_steps"] == 30


def test_the_scale_is_learned(config: AlignmentConfig, learning_set: Path, tmp_path: Path) -> None:
    encoder = train_alignment(config, learning_set, tmp_path / "run")
    scales = [line["scale"] for line in read_log(tmp_path / "run") if "scale" in line]
    assert scales[0] == pytest.approx(15.5)
    assert scales[1] != scales[0]
    assert float(checkpoint.read(encoder).log_scale) != pytest.approx(np.log(15.5), abs=1e-7)


def test_accumulated_parts_give_the_same_run(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    assert config.model is not None
    heads = {
        name: dataclasses.replace(getattr(config.model, name), dropout=0.0)
        for name in ("image_head", "spectrum_head")
    }
    still = dataclasses.replace(config, model=dataclasses.replace(config.model, **heads))
    for accumulate in (1, 4):
        some = dataclasses.replace(still, accumulate=accumulate)
        train_alignment(some, learning_set, tmp_path / str(accumulate))
    whole, parts = (read_log(tmp_path / str(n))[:2] for n in (1, 4))
    for one, other in zip(whole, parts, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-4)
        assert one["gradient"] == pytest.approx(other["gradient"], rel=1e-4)


def test_low_precision_stays_near(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    low = dataclasses.replace(config, precision="bf16")
    train_alignment(config, learning_set, tmp_path / "fp32")
    train_alignment(low, learning_set, tmp_path / "bf16")
    pairs = zip(read_log(tmp_path / "fp32")[:2], read_log(tmp_path / "bf16")[:2], strict=True)
    for full, half in pairs:
        assert half["loss"] == pytest.approx(full["loss"], rel=0.02)
        assert half["loss"] != full["loss"]


def test_frozen_backbones_do_not_change_and_are_evaluated_once(
    config: AlignmentConfig, backbones: dict[str, str], learning_set: Path, tmp_path: Path
) -> None:
    features = tmp_path / "features"
    frozen = dataclasses.replace(
        config, **backbones, frozen=("image", "spectrum"), features=str(features)
    )
    encoder = train_alignment(frozen, learning_set, tmp_path / "first")
    model = checkpoint.read(encoder)
    for modality in Modality:
        given = encoder_of(checkpoint.read(backbones[f"{modality.value}_tower"]), modality)
        for name, weight in encoder_of(model, modality).backbone.state_dict().items():
            assert torch.equal(weight, given.backbone.state_dict()[name])
    written = {path.name: path.stat().st_mtime_ns for path in features.iterdir()}
    assert sorted(written) == [
        "image-tokens.json", "image-tokens.npy", "spectrum-tokens.json", "spectrum-tokens.npy",
    ]  # fmt: skip
    train_alignment(frozen, learning_set, tmp_path / "second")
    assert {path.name: path.stat().st_mtime_ns for path in features.iterdir()} == written
    assert without_clock(tmp_path / "first") == without_clock(tmp_path / "second")


def test_a_randomly_initialised_backbone_is_not_frozen() -> None:
    with pytest.raises(ConfigError) as caught:
        AlignmentConfig(frozen=("image",))
    assert str(caught.value) == (
        "frozen names the image backbone, and image_tower is empty: it would keep its "
        "random initial weights. Name a file of weights."
    )


def test_a_dataset_with_one_modality_is_refused(
    config: AlignmentConfig, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    dataset = make_dataset(6, 2, cutouts=False)
    with pytest.raises(DatasetError) as caught:
        train_alignment(config, dataset, tmp_path / "run")
    assert str(caught.value) == (
        "dataset 'tiny' has 0 training and 0 validation galaxies with image and spectrum, at "
        "least 2 of each are needed. Of its 8 galaxies 0 have an image, 8 a spectrum, and 0 "
        "both: ingest more."
    )
    assert not (tmp_path / "run").exists()


def test_the_redshift_column_must_be_numeric(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    for column, found in (("true_zz", "no such column"), ("kind", "text")):
        changed = dataclasses.replace(config, redshift_weight=0.5, redshift_column=column)
        with pytest.raises(DatasetError) as caught:
            train_alignment(changed, learning_set, tmp_path / "run")
        assert str(caught.value).startswith(
            f"label {column!r}: dataset 'tiny' has {found} of that name where a column of numbers "
            "is needed; "
        )
    assert not (tmp_path / "run").exists()


def test_a_run_with_a_redshift_loss_learns_redshifts(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    changed = dataclasses.replace(config, redshift_weight=1.0, redshift_column="true_z", n_steps=40)
    train_alignment(changed, learning_set, tmp_path / "run")
    losses = [line["loss"] for line in read_log(tmp_path / "run") if "loss" in line]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.5
