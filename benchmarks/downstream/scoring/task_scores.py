"""Predictions to scores, property by property and shape by shape."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.downstream.data.evaluation_sample import Sample
from benchmarks.downstream.data.prediction_targets import PROPERTIES
from benchmarks.downstream.scoring import accuracy_measures

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

MEAN = "mean of properties"
"""Of all but the redshift, as AstroCLIP's README has it."""


def score_properties(
    names: Sequence[str], true: Floats, predicted: Floats, resampled: Rows
) -> tuple[dict[str, dict[str, Any]], Floats]:
    """Measures by property, and (draws, properties) R2 of every resampling."""
    kinds = {p.name: p for p in PROPERTIES}
    out: dict[str, dict[str, Any]] = {}
    drawn = []
    for column, name in enumerate(names):
        found = accuracy_measures.property_measures(
            true[:, column], predicted[:, column], kinds[name], resampled
        )
        drawn.append(found.pop("r2_draws"))
        out[name] = {key: rounded(value) for key, value in found.items()}
    r2_draws = np.stack(drawn, axis=1)
    others = [i for i, name in enumerate(names) if name != "redshift"]
    if others:
        mean = float(np.mean([out[names[i]]["r2"] for i in others]))
        spread = float(r2_draws[:, others].mean(axis=1).std())
        out[MEAN] = {"r2": rounded(mean), "r2_sd": rounded(spread)}
    return out, r2_draws


def score_shapes(sample: Sample, predicted: Floats, resampled: Rows) -> dict[str, Any]:
    """Accuracy and F1 of the class, accuracy and area under the curve of each flag.

    For all test galaxies, and for the resolved ones. The class is the one predicted highest; a
    flag is set above one half.
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
    true: Floats,
    predicted: Floats,
    inside: npt.NDArray[np.bool_],
    resampled: Rows,
) -> dict[str, Any]:
    out: dict[str, Any] = {"n": int(inside.sum())}
    classes = [i for i, name in enumerate(names) if name.startswith("class:")]
    if classes:
        of, as_ = true[:, classes].argmax(axis=1), predicted[:, classes].argmax(axis=1)
        known = inside & np.isfinite(true[:, classes]).all(axis=1)

        def accuracy(rows: Rows) -> float:
            rows = rows[known[rows]]
            return float((of[rows] == as_[rows]).mean()) if len(rows) else float("nan")

        value, spread = accuracy_measures.with_spread(accuracy, len(true), resampled)
        f1 = accuracy_measures.weighted_f1(of[known], as_[known])
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

        def area(rows: Rows, yes: Floats = yes, score: Floats = score, known: Any = known) -> float:
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
    """What always answering the commonest gives: the accuracy to beat."""
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
            commonest = int(np.nanmean(sample.shapes.values[train][:, classes], axis=0).argmax())
            line["class"] = rounded(
                float(np.nanmean(sample.shapes.values[test][inside][:, classes[commonest]]))
            )
        for i, name in enumerate(sample.shapes.names):
            if i not in classes:
                share = float(np.nanmean(sample.shapes.values[test][inside][:, i]))
                line[name] = rounded(max(share, 1 - share))
        out[group] = line
    return out


def rounded(value: float) -> float | None:
    """Five digits are more than the errors leave; None (null in JSON) for what is no number."""
    if isinstance(value, int):
        return value
    return round(float(value), 5) if math.isfinite(value) else None
