"""Short runs of the training stages in the process of a test."""

import runpy
from pathlib import Path

import pytest

from galsearch.dataset import open_dataset
from training import alignment
from training.alignment import AlignmentConfig
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory

TRAINING = Path(alignment.__file__).parent
SHORT_ALIGNMENT = "n_steps = 2\nbatch_size = 8\nlog_steps = 1\n"
"""Settings of an alignment of two steps, as TOML."""


def train_alignment(config: AlignmentConfig, dataset: Path, out: Path) -> Path:
    """Run an alignment and return the path of its encoder."""
    directory = RunDirectory(out, "alignment")
    return alignment.train(config, open_dataset(dataset), directory, Processes())


def run_stage_here(stage: str, *arguments: str | Path) -> None:
    """Run a stage's command line in the process of the test, which has loaded torch already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [f"training.{stage}", *map(str, arguments)])
        runpy.run_path(str(TRAINING / f"{stage}.py"), run_name="__main__")
