"""The fit of a map: positions in two dimensions that keep neighbours together (UMAP)."""

import importlib.metadata
import warnings
from typing import Any

import numpy as np

from galsearch.analysis.projection.fitted_neighbours import FittedNeighbours
from galsearch.core.arrays import Float32Array, Vectors
from galsearch.core.errors import MissingExtraError

MIN_DISTANCE = 0.1
"""Smallest distance of points on the map, in its own units (`min_dist` of UMAP)."""


def require_umap() -> Any:
    """The imported module `umap`.

    Raises
    ------
    MissingExtraError
        Where it is not installed.
    """
    try:
        with warnings.catch_warnings():
            # It says that TensorFlow is missing, which only its parametric variant needs.
            warnings.simplefilter("ignore")
            import umap
    except ImportError as error:
        raise MissingExtraError(
            "fitting a map needs umap-learn, which is part of the extra 'map' of galsearch and is "
            f"not installed ({error})."
        ) from error
    return umap


def library_version() -> str:
    """Name and version of the library that fits maps."""
    return f"umap-learn {importlib.metadata.version('umap-learn')}"


def fit_layout(vectors: Vectors, neighbours: FittedNeighbours, *, seed: int) -> Float32Array:
    """(n, 2) positions of galaxies whose neighbours among each other are known.

    The same vectors, neighbours and seed give the same positions on one machine and version.

    Parameters
    ----------
    vectors : (n, d)
        Unit vectors of the galaxies.
    neighbours
        The nearest of these galaxies to each of them, without itself.
    seed
        Seed of the stochastic gradient descent.

    Notes
    -----
    McInnes, Healy & Melville 2018, arXiv:1802.03426.
    """
    umap = require_umap()
    rows, distance = _with_itself(neighbours)
    with warnings.catch_warnings():
        # It says that it cannot place further galaxies, and that some groups are unconnected.
        warnings.simplefilter("ignore")
        reducer = umap.UMAP(
            n_neighbors=rows.shape[1],
            min_dist=MIN_DISTANCE,
            precomputed_knn=(rows, distance),
            force_approximation_algorithm=True,
            random_state=seed,
            n_jobs=1,
        )
        fitted = np.asarray(reducer.fit_transform(vectors), np.float32)
    return np.asarray(fitted - np.median(fitted, axis=0), np.float32)


def _with_itself(neighbours: FittedNeighbours) -> tuple[Any, Any]:
    """Rows and distances of neighbours as UMAP takes them: each galaxy is its own first one.

    Where fewer were found than wanted, the galaxy itself fills its row.
    """
    own = np.arange(len(neighbours.rows))[:, None]
    missing = neighbours.rows < 0
    rows = np.hstack([own, np.where(missing, own, neighbours.rows)])
    distance = np.hstack([np.zeros_like(own), np.where(missing, 0, neighbours.distance)])
    return rows.astype(np.int32), distance.astype(np.float32)
