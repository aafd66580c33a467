"""The distribution of a property among the neighbours of a galaxy: weights, quantiles, classes."""

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array

_SMALLEST_DISTANCE = 1e-6


def neighbour_weights(similarity: npt.NDArray[np.floating]) -> Float64Array:
    """(q, k) weights of neighbours, which sum to 1 in each row; 0 for padding (NaN).

    A weight is inversely proportional to the squared distance of two unit vectors,
    2 - 2 cosine.

    Examples
    --------
    >>> neighbour_weights(np.array([[0.9, 0.8, np.nan]])).round(3).tolist()
    [[0.667, 0.333, 0.0]]
    """
    squared = np.maximum(2 - 2 * similarity.astype(np.float64), _SMALLEST_DISTANCE)
    weights = np.where(np.isnan(similarity), 0.0, 1 / squared)
    total = weights.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weights, total, out=np.zeros_like(weights), where=total > 0))


def weighted_quantiles(
    values: Float64Array, weights: Float64Array, levels: tuple[float, ...]
) -> Float64Array:
    """(q, levels) quantiles of the values of each row, interpolated between the values.

    Each value stands at the middle of its weight.

    Parameters
    ----------
    values : (q, k)
        Values; those of weight 0 are ignored, and may be NaN.
    weights : (q, k)
        Weights that sum to 1 in each row.
    levels
        Probabilities between 0 and 1.

    Examples
    --------
    >>> weighted_quantiles(np.array([[3.0, 1.0, 2.0]]), np.full((1, 3), 1 / 3), (0.5,)).tolist()
    [[2.0]]
    """
    order = np.argsort(np.where(weights > 0, values, np.inf), axis=1)
    values = np.take_along_axis(values, order, axis=1)
    weights = np.take_along_axis(weights, order, axis=1)
    middle = np.cumsum(weights, axis=1) - weights / 2
    out = np.full((len(values), len(levels)), np.nan)
    for row, n_used in enumerate(np.count_nonzero(weights, axis=1)):
        if n_used:
            out[row] = np.interp(levels, middle[row, :n_used], values[row, :n_used])
    return out


def class_shares(codes: Float64Array, weights: Float64Array, n_classes: int) -> Float64Array:
    """(q, n_classes) sum of the weights of the neighbours of each class.

    Examples
    --------
    >>> class_shares(np.array([[0.0, 1.0, 1.0]]), np.array([[0.5, 0.25, 0.25]]), 2).tolist()
    [[0.5, 0.5]]
    """
    shares = np.zeros((len(codes), n_classes))
    rows, columns = np.nonzero(weights)
    np.add.at(shares, (rows, codes[rows, columns].astype(np.int64)), weights[rows, columns])
    return shares
