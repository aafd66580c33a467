"""The saved state, the config and the log of a run; states and configs that do not fit."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from galsearch.core.errors import CheckpointError, ConfigError, LockedError, WriteError
from tests.file_size_limit import check_failing_writes
from tests.training.conftest import run_stage
from tests.training.short_runs import SHORT_ALIGNMENT, train_alignment
from training.alignment import AlignmentConfig
from training.engine.run_directory import RunDirectory


def test_a_run_of_another_config_is_refused(
    learning_set: Path, write_config: Callable[..., Path], tmp_path: Path
) -> None:
    first = write_config("alignment", SHORT_ALIGNMENT)
    second = write_config(
        "alignment", SHORT_ALIGNMENT + "learning_rate = 0.5\n", name="second.toml"
    )
    out = tmp_path / "run"
    run_stage("alignment", first, "--dataset", learning_set, "--out", out)
    done = run_stage("alignment", second, "--dataset", learning_set, "--out", out, status=1)
    assert done.stderr == (
        f"error: {out} was begun with another config than {second}: learning_rate is 0.001, not "
        "0.5. Leave the config out to continue with the run's own, or name another --out.\n"
    )


def test_a_run_of_another_stage_is_refused(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    train_alignment(config, learning_set, tmp_path / "run")
    with pytest.raises(CheckpointError) as caught:
        RunDirectory(tmp_path / "run", "image_pretraining").read_state()
    assert str(caught.value) == (
        f"{tmp_path / 'run'} is a run of alignment, not of image_pretraining: name another --out."
    )


def test_a_directory_without_a_run_needs_a_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        RunDirectory(tmp_path / "run", "alignment").choose_config(AlignmentConfig, None)
    assert str(caught.value) == (
        f"{tmp_path / 'run'} holds no run to continue: name a config, such as "
        "training/configs/alignment/small.toml."
    )


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path, "alignment")
    directory.state_path.write_bytes(b"no state")
    with pytest.raises(CheckpointError, match=r"cannot be read .*; delete it to start"):
        directory.read_state()
    torch.save({"weights": 1}, directory.state_path)
    with pytest.raises(CheckpointError) as caught:
        directory.read_state()
    assert str(caught.value) == (
        f"{directory.state_path}: not the state of a run of this version of galsearch; name "
        "another --out, or delete it to start anew."
    )


LINES = [
    {"step": 1, "loss": 3.0, "scale": 15.5, "seconds": 0.1},
    {"step": 2, "loss": 2.5, "scale": 15.6, "seconds": 0.2},
    {"step": 2, "validation_loss": 2.7, "image_to_spectrum_recall_at_10": 0.4, "pool": 8.0},
    {"step": 3, "loss": 2.2, "scale": 15.7, "seconds": 0.3},
]


def test_a_log_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path, "alignment")
    text = "".join(json.dumps(line) + "\n" for line in LINES)
    directory.log_path.write_text(text + '{"step": 4, "lo')
    assert directory.read_log() == LINES
    directory.cut_log(2)
    assert directory.read_log() == LINES[:3]
    directory.append_log({"step": 3})
    assert directory.read_log()[-1] == {"step": 3}


def test_a_second_run_in_a_directory_is_refused(tmp_path: Path) -> None:
    first = RunDirectory(tmp_path / "run", "alignment")
    with first.locked():
        second = RunDirectory(tmp_path / "run", "alignment")
        with pytest.raises(LockedError) as caught, second.locked():
            pass
        assert str(caught.value) == (
            f"{tmp_path / 'run'}: another process is changing this directory."
        )
        first.append_log({"step": 1})
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["log.jsonl"]


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = RunDirectory(tmp_path / "file" / "run", "alignment")
    with pytest.raises(WriteError) as caught, run.locked():
        pass
    assert str(caught.value) == (
        f"{run.path}: cannot be written: a part of the path is a file, not a directory."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_state_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run", "alignment")
    directory.write_state({"step": 1})

    def write() -> None:
        directory.write_state({"step": 2, "weights": torch.zeros(4000)})

    check_failing_writes(write, directory.state_path)
    state = directory.read_state()
    assert state is not None
    assert state["step"] == 2
