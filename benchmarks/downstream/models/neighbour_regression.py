"""Regression by neighbours: AstroCLIP's zero-shot protocol."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

K = 64
AT_ONCE = 512


def standardised(
    vectors: npt.NDArray[np.floating], train: npt.NDArray[np.integer] | npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Every dimension less its mean, over its deviation, both of the training rows."""
    mean, spread = vectors[train].mean(axis=0), vectors[train].std(axis=0)
    return np.asarray((vectors - mean) / np.where(spread > 0, spread, 1), dtype=np.float32)


def predict(
    known: npt.NDArray[np.floating],
    targets: Floats,
    asked: npt.NDArray[np.floating],
    *,
    k: int = K,
) -> Floats:
    """(m, T): the mean of the `k` nearest rows' targets, weighted by 1 / distance.

    Euclidean. Rows without a target (NaN) are no neighbours for it; where a row lies on the
    asking one, rows like it have all the weight.

    Parameters
    ----------
    known : (n, d)
        Vectors with targets.
    targets : (n, T)
        NaN where unknown.
    asked : (m, d)
        Vectors without.
    """
    has = np.isfinite(targets)
    out = np.empty((len(asked), targets.shape[1]))
    patterns, which = np.unique(has.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(which.ravel() == number)
        rows = known[pattern].astype(np.float64)
        values = targets[pattern][:, columns]
        squares = (rows**2).sum(axis=1)
        for low in range(0, len(asked), AT_ONCE):
            some = asked[low : low + AT_ONCE].astype(np.float64)
            square = squares - 2 * some @ rows.T + (some**2).sum(axis=1)[:, None]
            m = min(k, len(rows))
            near = np.argpartition(square, m - 1, axis=1)[:, :m]
            distance = np.linalg.norm(some[:, None] - rows[near], axis=2)
            weight = 1 / np.maximum(distance, 1e-9)
            mean = (weight[..., None] * values[near]).sum(axis=1) / weight.sum(axis=1)[:, None]
            out[low : low + AT_ONCE, columns] = mean
    return out
