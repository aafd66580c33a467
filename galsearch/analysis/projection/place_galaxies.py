"""Placement of galaxies on a map that was fitted to others."""

import numpy as np

from galsearch.analysis.projection.fitted_neighbours import FittedNeighbours
from galsearch.core.arrays import Float32Array, Float64Array

_LEAST_DISTANCE = 1e-6
"""Distance below which a vector counts as that of a fitted galaxy."""


def place_galaxies(neighbours: FittedNeighbours, positions: Float32Array) -> Float32Array:
    """(n, 2) positions of galaxies: means of those of their nearest fitted galaxies.

    The weights are inversely proportional to the squared distance of the vectors. The position of
    a galaxy depends on no other galaxy that is placed, and a vector of a fitted galaxy is placed at
    its position.

    Parameters
    ----------
    neighbours
        The nearest fitted galaxies of each galaxy, at least one.
    positions : (m, 2)
        Positions of the fitted galaxies.

    Examples
    --------
    >>> near = FittedNeighbours(np.array([[0, 1]]), np.array([[0.1, 0.2]]))
    >>> place_galaxies(near, np.array([[0, 0], [5, 10]], np.float32)).tolist()
    [[1.0, 2.0]]
    """
    weights: Float64Array = 1 / np.maximum(neighbours.distance, _LEAST_DISTANCE) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    near = positions[np.maximum(neighbours.rows, 0)].astype(np.float64)
    placed: Float64Array = (weights[:, :, None] * near).sum(axis=1)
    return placed.astype(np.float32)
