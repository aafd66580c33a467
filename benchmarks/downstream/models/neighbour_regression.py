"""Regression from nearest neighbours: AstroCLIP's zero-shot protocol."""

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Float64Array

K = 64
"""Number of neighbours in AstroCLIP's protocol."""
BATCH_SIZE = 512
"""Number of query vectors that are compared at once with all reference vectors."""


def standardised(
    vectors: npt.NDArray[np.floating], train: npt.NDArray[np.integer] | npt.NDArray[np.bool_]
) -> Float32Array:
    """(n, d) float32 vectors, each dimension shifted and scaled to mean 0 and standard deviation 1
    over the training rows.
    """
    mean, spread = vectors[train].mean(axis=0), vectors[train].std(axis=0)
    return np.asarray((vectors - mean) / np.where(spread > 0, spread, 1), dtype=np.float32)


def predict(
    reference: npt.NDArray[np.floating],
    targets: Float64Array,
    query: npt.NDArray[np.floating],
    *,
    k: int = K,
) -> Float64Array:
    """(m, T) predicted targets of m query vectors: means over the `k` nearest reference vectors,
    weighted by 1 / Euclidean distance.

    Reference rows whose target is unknown (NaN) are not used for that target. Rows that are
    identical to the query get nearly all the weight.

    Parameters
    ----------
    reference : (n, d)
        Vectors with targets.
    targets : (n, T)
        Targets, NaN where unknown.
    query : (m, d)
        Vectors whose targets are predicted.
    k
        Number of neighbours.
    """
    has = np.isfinite(targets)
    out = np.empty((len(query), targets.shape[1]))
    patterns, which = np.unique(has.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        columns = np.flatnonzero(which.ravel() == number)
        rows = reference[pattern].astype(np.float64)
        values = targets[pattern][:, columns]
        squares = (rows**2).sum(axis=1)
        for low in range(0, len(query), BATCH_SIZE):
            some = query[low : low + BATCH_SIZE].astype(np.float64)
            square = squares - 2 * some @ rows.T + (some**2).sum(axis=1)[:, None]
            m = min(k, len(rows))
            near = np.argpartition(square, m - 1, axis=1)[:, :m]
            distance = np.linalg.norm(some[:, None] - rows[near], axis=2)
            weight = 1 / np.maximum(distance, 1e-9)
            mean = (weight[..., None] * values[near]).sum(axis=1) / weight.sum(axis=1)[:, None]
            out[low : low + BATCH_SIZE, columns] = mean
    return out
