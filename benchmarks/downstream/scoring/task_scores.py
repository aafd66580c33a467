"""Scores of the predictions of one model, for each property and each shape."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.downstream.data.evaluation_sample import Sample
from benchmarks.downstream.data.prediction_targets import PROPERTIES
from benchmarks.downstream.scoring import accuracy_measures
from galsearch.core.arrays import BoolArray, Float64Array, Rows

MEAN = "mean of properties"
"""Key of the mean over all properties but the redshift, as in AstroCLIP's README."""


def score_properties(
    names: Sequence[str], true: Float64Array, predicted: Float64Array, resampled: Rows
) -> tuple[dict[str, dict[str, Any]], Float64Array]:
    """Scores of the predictions of each property by name, and (draws, properties) R2 of every
    bootstrap sample.
    """
    kinds = {p.name: p for p in PROPERTIES}
    out: dict[str, dict[str, Any]] = {}
    r2_of_samples = []
    for column, name in enumerate(names):
        found = accuracy_measures.property_measures(
            true[:, column], predicted[:, column], kinds[name], resampled
        )
        r2_of_samples.append(found.pop("r2_draws"))
        out[name] = {key: rounded(value) for key, value in found.items()}
    r2_draws = np.stack(r2_of_samples, axis=1)
    others = [i for i, name in enumerate(names) if name != "redshift"]
    if others:
        mean = float(np.mean([out[names[i]]["r2"] for i in others]))
        spread = float(r2_draws[:, others].mean(axis=1).std())
        out[MEAN] = {"r2": rounded(mean), "r2_sd": rounded(spread)}
    return out, r2_draws


def score_shapes(sample: Sample, predicted: Float64Array, resampled: Rows) -> dict[str, Any]:
    """Accuracy and F1 of the predicted morphological class, and accuracy and area under the curve
    of each predicted flag.

    The scores are computed for all test galaxies and for the resolved ones. The predicted class is
    the one with the highest value; a flag is predicted where its value is above one half.
    """
    assert sample.shapes is not None  # noqa: S101 (only called where shapes are known)
    test = sample.rows("test")
    groups = {"all": np.ones(len(test), bool)}
    if sample.resolved is not None and sample.resolved[test].sum() > 1:
        groups["resolved"] = sample.resolved[test]
    true = sample.shapes.values[test]
    return {
        group: _shape_scores(sample.shapes.names, true, predicted, inside, resampled)
        for group, inside in groups.items()
    }


def _shape_scores(
    names: Sequence[str],
    true: Float64Array,
    predicted: Float64Array,
    inside: BoolArray,
    resampled: Rows,
) -> dict[str, Any]:
    out: dict[str, Any] = {"n": int(inside.sum())}
    classes = [i for i, name in enumerate(names) if name.startswith("class:")]
    if classes:
        is_class = true[:, classes].argmax(axis=1)
        as_class = predicted[:, classes].argmax(axis=1)
        known = inside & np.isfinite(true[:, classes]).all(axis=1)

        def accuracy(rows: Rows) -> float:
            rows = rows[known[rows]]
            return float((is_class[rows] == as_class[rows]).mean()) if len(rows) else float("nan")

        value, spread = accuracy_measures.with_spread(accuracy, len(true), resampled)
        f1 = accuracy_measures.weighted_f1(is_class[known], as_class[known])
        out["class"] = {
            "accuracy": rounded(value),
            "accuracy_sd": rounded(spread),
            "f1": rounded(f1),
        }
    for i in range(len(names)):
        if i in classes:
            continue
        known = inside & np.isfinite(true[:, i])
        yes, score = true[:, i], predicted[:, i]

        def area(
            rows: Rows, yes: Float64Array = yes, score: Float64Array = score, known: Any = known
        ) -> float:
            rows = rows[known[rows]]
            return accuracy_measures.area_under_curve(yes[rows], score[rows])

        value, spread = accuracy_measures.with_spread(area, len(true), resampled)
        correct = ((score > 0.5) == (yes > 0.5))[known].mean()
        out[names[i]] = {
            "auc": rounded(value),
            "auc_sd": rounded(spread),
            "accuracy": rounded(float(correct)),
        }
    return out


def shape_baseline(sample: Sample) -> dict[str, Any]:
    """Accuracy of the trivial baseline that always predicts the most common morphological class, or
    the most common value of a flag.
    """
    assert sample.shapes is not None  # noqa: S101 (only called where shapes are known)
    train, test = sample.rows("train"), sample.rows("test")
    classes = [i for i, n in enumerate(sample.shapes.names) if n.startswith("class:")]
    groups = {"all": np.ones(len(test), bool)}
    if sample.resolved is not None and sample.resolved[test].sum() > 1:
        groups["resolved"] = sample.resolved[test]
    out: dict[str, Any] = {}
    for group, inside in groups.items():
        line = {}
        if classes:
            most_common = int(np.nanmean(sample.shapes.values[train][:, classes], axis=0).argmax())
            line["class"] = rounded(
                float(np.nanmean(sample.shapes.values[test][inside][:, classes[most_common]]))
            )
        for i, name in enumerate(sample.shapes.names):
            if i not in classes:
                share = float(np.nanmean(sample.shapes.values[test][inside][:, i]))
                line[name] = rounded(max(share, 1 - share))
        out[group] = line
    return out


def rounded(value: float) -> float | None:
    """The value rounded to five decimals, or None where it is not finite."""
    if isinstance(value, int):
        return value
    return round(float(value), 5) if math.isfinite(value) else None
