"""The command line of the training stages: its arguments, its output and its errors."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import DatasetError
from training.engine import command
from training.engine.command import errors_as_messages, run_stage
from training.spectrum_pretraining import SpectrumPretrainingConfig

STAGE = "spectrum_pretraining"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Runs a stage whose training records its arguments and returns the path `best`."""

    def run(*arguments: str | Path) -> dict[str, Any]:
        given: dict[str, Any] = {}

        def train(config: Any, dataset: Any, directory: Any, processes: Any) -> Path:
            given.update(config=config, dataset=dataset, directory=directory, processes=processes)
            return Path("best")

        monkeypatch.setattr(sys, "argv", ["stage", *map(str, arguments)])
        monkeypatch.setattr(command, "open_dataset", lambda path: f"dataset in {path}")
        run_stage(STAGE, SpectrumPretrainingConfig, {}, train, "A summary.")
        return given

    return run


def test_a_stage_is_trained_as_its_config_says_and_its_encoder_is_printed(
    run: Callable[..., dict[str, Any]],
    write_config: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = write_config(STAGE, "n_steps = 3\nbatch_size = 4\n")
    given = run(config, "--dataset", "d", "--out", tmp_path / "out")
    assert (given["config"].n_steps, given["config"].batch_size) == (3, 4)
    assert given["dataset"] == "dataset in d"
    assert given["processes"].is_first
    assert capsys.readouterr().out == "best\n"


def test_a_missing_config_is_one_message_and_status_1(
    run: Callable[..., dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(tmp_path / "none.toml", "--dataset", "d", "--out", tmp_path / "out")
    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path / 'none.toml'}")
    assert "Traceback" not in error


def test_a_dataset_and_a_directory_are_required(
    run: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run("config.toml")
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert f"usage: python -m training.{STAGE}" in error
    assert "the following arguments are required: --dataset, --out" in error


def test_errors_of_galsearch_are_messages_and_others_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, errors_as_messages():
        raise DatasetError("no galaxies.")
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: no galaxies.\n"
    with pytest.raises(ZeroDivisionError), errors_as_messages():
        raise ZeroDivisionError
