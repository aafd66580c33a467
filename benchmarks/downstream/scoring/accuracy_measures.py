"""How good predictions are: R2, NMAD, outliers, accuracy; and how sure of that one may be."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.downstream.data.prediction_targets import Property

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

N_BOOTSTRAP = 300


def draws(n: int, seed: int, n_draws: int = N_BOOTSTRAP) -> Rows:
    """(draws, n) row numbers with replacement: the same for every model, so that differences of
    models have errors too.
    """
    return np.random.default_rng(seed).integers(0, n, (n_draws, n))


def r2(true: Floats, predicted: Floats) -> float:
    """1 less the squared residual over the squared deviation from the mean."""
    return float(1 - ((true - predicted) ** 2).sum() / ((true - true.mean()) ** 2).sum())


def scaled_error(true: Floats, predicted: Floats, kind: Property) -> Floats:
    """Predicted less true, divided by 1 + z for redshifts."""
    return (predicted - true) / (1 + true if kind.relative else 1.0)


def nmad(error: Floats) -> float:
    """1.4826 times the median deviation from the median."""
    return float(1.4826 * np.median(np.abs(error - np.median(error))))


def property_measures(
    true: Floats, predicted: Floats, kind: Property, resampled: Rows
) -> dict[str, Any]:
    """R2, NMAD and the outlier fraction of one property, each with its bootstrap deviation.

    Galaxies whose true value is NaN do not count. `r2_draws` holds R2 of every resampling.
    """
    error = scaled_error(true, predicted, kind)
    known = np.isfinite(true)

    def of(rows: Rows) -> tuple[float, float, float]:
        rows = rows[known[rows]]
        share = float((np.abs(error[rows]) > kind.outlier).mean())
        return r2(true[rows], predicted[rows]), nmad(error[rows]), share

    values = of(np.arange(len(true)))
    spread = np.array([of(rows) for rows in resampled])
    names = ("r2", "nmad", "outliers")
    return {
        "n": int(known.sum()),
        **dict(zip(names, values, strict=True)),
        **{f"{name}_sd": float(s) for name, s in zip(names, spread.std(axis=0), strict=True)},
        "r2_draws": spread[:, 0],
    }


def with_spread(measure: Callable[[Rows], float], n: int, resampled: Rows) -> tuple[float, float]:
    """A measure of all rows and its bootstrap deviation."""
    values = np.array([measure(rows) for rows in resampled])
    known = values[np.isfinite(values)]
    return measure(np.arange(n)), float(known.std()) if known.size else float("nan")


def area_under_curve(true: Floats, score: Floats) -> float:
    """The chance that a galaxy with the flag scores above one without; ties count half."""
    yes = true > 0.5
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    if not n_yes or not n_no:
        return float("nan")
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((rank[yes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


def weighted_f1(true: Rows, predicted: Rows) -> float:
    """F1 of every class, weighted by how often the class is true."""
    total = 0.0
    for one in np.unique(true):
        hit = ((true == one) & (predicted == one)).sum()
        total += (true == one).mean() * 2 * hit / ((true == one).sum() + (predicted == one).sum())
    return float(total)
