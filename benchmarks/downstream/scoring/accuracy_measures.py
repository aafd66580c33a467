"""Measures of the accuracy of predictions (R2, NMAD, outliers, F1, AUC) and their uncertainties."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.downstream.data.prediction_targets import Property
from galsearch.core.arrays import Float64Array, Rows

N_BOOTSTRAP = 300
"""Number of bootstrap samples from which uncertainties are computed."""


def draws(n: int, seed: int, n_draws: int = N_BOOTSTRAP) -> Rows:
    """(n_draws, n) row numbers of bootstrap samples of n test galaxies.

    All models use the same samples, so differences between models have uncertainties too.
    """
    return np.random.default_rng(seed).integers(0, n, (n_draws, n))


def r2(true: Float64Array, predicted: Float64Array) -> float:
    """Coefficient of determination R2 of predictions: 1 - sum of squared residuals / sum of squared
    deviations from the mean.
    """
    return float(1 - ((true - predicted) ** 2).sum() / ((true - true.mean()) ** 2).sum())


def scaled_error(true: Float64Array, predicted: Float64Array, kind: Property) -> Float64Array:
    """(n,) errors, predicted minus true value; those of redshifts are divided by 1 + z."""
    return (predicted - true) / (1 + true if kind.relative else 1.0)


def nmad(error: Float64Array) -> float:
    """Normalised median absolute deviation: 1.4826 times the median deviation from the median."""
    return float(1.4826 * np.median(np.abs(error - np.median(error))))


def property_measures(
    true: Float64Array, predicted: Float64Array, kind: Property, resampled: Rows
) -> dict[str, Any]:
    """R2, NMAD and outlier fraction of the predictions of one property by name, with their
    bootstrap standard deviations.

    Galaxies whose true value is NaN do not count. `r2_draws` holds the R2 of every
    bootstrap sample.
    """
    error = scaled_error(true, predicted, kind)
    known = np.isfinite(true)

    def measure(rows: Rows) -> tuple[float, float, float]:
        rows = rows[known[rows]]
        share = float((np.abs(error[rows]) > kind.outlier).mean())
        return r2(true[rows], predicted[rows]), nmad(error[rows]), share

    values = measure(np.arange(len(true)))
    spread = np.array([measure(rows) for rows in resampled])
    names = ("r2", "nmad", "outliers")
    return {
        "n": int(known.sum()),
        **dict(zip(names, values, strict=True)),
        **{f"{name}_sd": float(s) for name, s in zip(names, spread.std(axis=0), strict=True)},
        "r2_draws": spread[:, 0],
    }


def with_spread(measure: Callable[[Rows], float], n: int, resampled: Rows) -> tuple[float, float]:
    """A measure of accuracy over all n rows, and its standard deviation over bootstrap samples."""
    values = np.array([measure(rows) for rows in resampled])
    known = values[np.isfinite(values)]
    return measure(np.arange(n)), float(known.std()) if known.size else float("nan")


def area_under_curve(true: Float64Array, score: Float64Array) -> float:
    """Area under the ROC curve of a flag: the probability that a galaxy with the flag scores above
    one without it. Ties count half.
    """
    yes = true > 0.5
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    if not n_yes or not n_no:
        return float("nan")
    _, position, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[position]
    return float((rank[yes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


def weighted_f1(true: Rows, predicted: Rows) -> float:
    """Mean F1 score of the classes, weighted by the number of galaxies in each."""
    total = 0.0
    for one in np.unique(true):
        hit = ((true == one) & (predicted == one)).sum()
        total += (true == one).mean() * 2 * hit / ((true == one).sum() + (predicted == one).sum())
    return float(total)
