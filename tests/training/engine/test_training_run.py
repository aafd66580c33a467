"""Runs with another dataset, and losses that are not finite."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from galsearch.core.errors import CheckpointError
from galsearch.core.fingerprint import short_digest
from galsearch.dataset import open_dataset
from tests.training.short_runs import train_alignment
from training.alignment import AlignmentConfig
from training.engine.training_run import DivergedError


def test_a_run_of_another_dataset_is_refused(
    config: AlignmentConfig, learning_set: Path, make_dataset: Callable[..., Path], tmp_path: Path
) -> None:
    train_alignment(config, learning_set, tmp_path / "run")
    other = make_dataset(12, 2)
    with pytest.raises(CheckpointError) as caught:
        train_alignment(config, other, tmp_path / "run")
    digests = (short_digest(open_dataset(path).digest) for path in (learning_set, other))
    assert str(caught.value) == (
        f"{tmp_path / 'run'} was begun with another dataset (digest {next(digests)}, found "
        f"{next(digests)}): name that dataset, or another --out."
    )


def test_a_loss_that_is_no_number_ends_the_run(
    config: AlignmentConfig, learning_set: Path, tmp_path: Path
) -> None:
    wild = dataclasses.replace(
        config, learning_rate=1e30, gradient_clip=1e30, n_steps=20, weight_decay=0.0
    )
    with pytest.raises(DivergedError) as caught:
        train_alignment(wild, learning_set, tmp_path / "run")
    assert "lower learning_rate (now 1e+30) or gradient_clip (now 1e+30)" in str(caught.value)
