"""Exchanged pairs differ in redshift as stated, and are found by their inconsistency."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.analysis.exchanged_pairs import (
    DIFFERENT,
    SAME,
    exchange_pairs,
    measure_exchanges,
    share_found,
)
from tests.conftest import Sky


@pytest.mark.parametrize("same", [False, True])
def test_each_galaxy_is_in_one_pair(same: bool) -> None:
    z = np.random.default_rng(1).uniform(0, 0.3, 400)
    z[:5] = np.nan
    first, second = exchange_pairs(z, 30, seed=2, same=same)
    assert len(first) == len(second) == 30
    assert len(set(first) | set(second)) == 60
    step = np.abs(z[first] - z[second]) / (1 + z[second])
    step_of_first = np.abs(z[first] - z[second]) / (1 + z[first])
    assert (np.minimum(step, step_of_first) < SAME).all() if same else (
        np.maximum(step, step_of_first) > DIFFERENT
    ).all()  # fmt: skip


def test_the_share_among_the_first() -> None:
    wrong = np.array([True, False, True, False])
    assert share_found(wrong, np.array([9.0, 1.0, 0.0, 2.0]), 0.5) == 0.5


def test_exchanged_spectra_are_found(make_sky: Callable[..., Sky], tmp_path: Path) -> None:
    embeddings = make_sky(300, seed=3).write(tmp_path / "sky")
    found = measure_exchanges(embeddings, tmp_path / "work", share=0.1, seed=1, redshift="z")
    assert found["different"]["n_galaxies"] == 300
    assert found["different"]["n_exchanged"] == 30
    assert found["different"]["cosine"]["auc"] > 0.8
    assert not list((tmp_path / "work").glob("*"))
