"""Short runs of the training stages in the process of a test."""

from pathlib import Path

from galsearch.dataset import open_dataset
from training import alignment
from training.alignment import AlignmentConfig
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory

SHORT_ALIGNMENT = "n_steps = 2\nbatch_size = 8\nlog_steps = 1\n"
"""Settings of an alignment of two steps, as TOML."""


def train_alignment(config: AlignmentConfig, dataset: Path, out: Path) -> Path:
    """Run an alignment and return the path of its encoder."""
    directory = RunDirectory(out, "alignment")
    return alignment.train(config, open_dataset(dataset), directory, Processes())
