"""Rankings that learn from training galaxies: their splits, directions and errors."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.progress import Progress as ProgressBars

from benchmarks.retrieval.learnt_rankings import (
    in_both_directions,
    measure_learnt,
    progress_on,
    rows_of_splits,
)
from benchmarks.retrieval.ranks import ranks
from galsearch.core.errors import DatasetError
from galsearch.dataset import split_of


def test_rows_of_splits_are_in_the_order_train_validation_test() -> None:
    split = np.array(["test", "train", "validation", "train", "test"])
    found = [rows.tolist() for rows in rows_of_splits(split)]
    assert found == [[1, 3], [2], [0, 4]]


def test_spectrum_queries_use_the_transposed_scores() -> None:
    generator = np.random.default_rng(1)
    scores = {"a": generator.normal(size=(40, 40)).astype(np.float32)}
    scores["a"][:, 7] += 5  # a spectrum that is close to every image
    images, spectra = in_both_directions(scores, generator.uniform(0, 1, 40), [np.arange(40)])
    assert (images["using"], images["among"]) == ("image", "spectrum")
    assert (spectra["using"], spectra["among"]) == ("spectrum", "image")
    for entry, score in ((images, scores["a"]), (spectra, scores["a"].T)):
        share = (ranks(score) <= 10).mean()
        assert entry["scores"]["a"]["whole"]["r10"] == pytest.approx(share, abs=1e-5)
    assert images["scores"]["a"]["hub_skew"] > spectra["scores"]["a"]["hub_skew"]


def test_too_few_training_galaxies_are_refused_with_their_numbers(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(60)
    split = split_of(sky.ids)
    arguments = argparse.Namespace(
        embeddings=sky.write(tmp_path / "sky"), seed=1, train=5, parameter_model=False
    )
    with pytest.raises(DatasetError) as caught:
        measure_learnt(arguments, [])
    assert str(caught.value).endswith(
        f"validation galaxies; found 5 and {(split == 'validation').sum()}."
    )


def test_each_stage_has_one_bar_whose_total_may_grow() -> None:
    bars = ProgressBars(disable=True)
    progress = progress_on(bars)
    for report in (("fit", 1, 4), ("fit", 2, 4), ("search", 3, 9), ("fit", 3, 5)):
        progress(*report)
    assert [(task.description, task.completed, task.total) for task in bars.tasks] == [
        ("fit", 3, 5),
        ("search", 3, 9),
    ]
