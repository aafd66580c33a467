"""Scores of properties and shapes, compared with slow formulas."""

import dataclasses

import numpy as np
import pytest

from benchmarks.downstream.data.evaluation_sample import Sample
from benchmarks.downstream.data.prediction_targets import Targets
from benchmarks.downstream.scoring.accuracy_measures import draws
from benchmarks.downstream.scoring.task_scores import (
    MEAN,
    rounded,
    score_properties,
    score_shapes,
    shape_baseline,
)

CLASSES = np.array([0, 0, 1, 1, 1, 0])
BAR = np.array([1.0, 0, 1, 0, 0, np.nan])


@pytest.fixture
def sample() -> Sample:
    """Six training galaxies and the same six as test galaxies: two classes and a flag."""
    shapes = np.column_stack([CLASSES == 0, CLASSES == 1, BAR]).astype(float)
    return Sample(
        target_ids=np.arange(12),
        split=np.repeat(["train", "test"], 6),
        labels={},
        properties=Targets(("redshift",), np.zeros((12, 1))),
        shapes=Targets(("class:round", "class:disk", "has_bar"), np.concatenate([shapes, shapes])),
        magnitudes=None,
        resolved=None,
        messages=(),
    )


def test_the_mean_of_properties_leaves_redshift_out() -> None:
    generator = np.random.default_rng(1)
    true = generator.normal(size=(50, 3))
    predicted = true + generator.normal(size=(50, 3)) * [0.1, 0.5, 1.0]
    resampled = draws(50, 1, 20)
    names = ("redshift", "mass", "age")
    scores, r2_draws = score_properties(names, true, predicted, resampled)
    assert r2_draws.shape == (20, 3)
    for column, name in enumerate(names):
        residual = np.square(true[:, column] - predicted[:, column]).sum()
        spread = np.square(true[:, column] - true[:, column].mean()).sum()
        assert scores[name]["r2"] == pytest.approx(1 - residual / spread, abs=1e-5)
        assert scores[name]["r2_sd"] == pytest.approx(r2_draws[:, column].std(), abs=1e-5)
    assert scores[MEAN]["r2"] == pytest.approx(
        (scores["mass"]["r2"] + scores["age"]["r2"]) / 2, abs=2e-5
    )
    assert MEAN not in score_properties(("redshift",), true[:, :1], true[:, :1], resampled)[0]


def test_the_class_is_the_largest_value_and_unknown_flags_do_not_count(sample: Sample) -> None:
    # Classes 0, 1, 1, 1, 0, 0: four of six are right.
    chosen = np.array([0, 1, 1, 1, 0, 0])
    predicted = np.column_stack([chosen == 0, chosen == 1, [0.9, 0.1, 0.8, 0.2, 0.7, 0.99]])
    scores = score_shapes(sample, predicted.astype(float), draws(6, 1, 10))["all"]
    assert scores["n"] == 6
    assert scores["class"]["accuracy"] == pytest.approx(4 / 6, abs=1e-5)
    assert scores["class"]["f1"] == pytest.approx(2 / 3, abs=1e-5)
    # Of the five known flags one is wrong; every barred galaxy scores above every other one.
    assert scores["has_bar"]["accuracy"] == pytest.approx(0.8)
    assert scores["has_bar"]["auc"] == 1


def test_resolved_galaxies_are_scored_by_themselves(sample: Sample) -> None:
    resolved = np.tile([True, False, True, False, False, False], 2)
    sample = dataclasses.replace(sample, resolved=resolved)
    assert sample.shapes is not None
    perfect = np.nan_to_num(sample.shapes.values[6:])
    scores = score_shapes(sample, perfect, draws(6, 1, 10))
    assert list(scores) == ["all", "resolved"]
    assert scores["resolved"]["n"] == 2
    assert scores["resolved"]["class"]["accuracy"] == 1
    assert scores["resolved"]["has_bar"]["auc"] is None, "both resolved galaxies have a bar"


def test_the_baseline_predicts_the_most_common_class_of_the_training_galaxies(
    sample: Sample,
) -> None:
    assert sample.shapes is not None
    values = sample.shapes.values.copy()
    values[:6, :2] = [0, 1]  # all training galaxies are disks
    sample = dataclasses.replace(sample, shapes=Targets(sample.shapes.names, values))
    baseline = shape_baseline(sample)["all"]
    assert baseline == {"class": 0.5, "has_bar": pytest.approx(0.6)}


def test_a_value_that_is_not_finite_is_stored_as_null() -> None:
    assert rounded(0.1234567) == 0.12346
    assert rounded(float("nan")) is None
    assert rounded(float("inf")) is None
    assert rounded(7) == 7
