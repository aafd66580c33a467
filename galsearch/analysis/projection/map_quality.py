"""The quality of a map: whether neighbours on the map are neighbours among the vectors."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Int64Array, Rows
from galsearch.core.progress import StageProgress
from galsearch.index.vectors.stored_vectors import StoredVectors

N_MEASURED = 500
"""Largest number of galaxies that measure a map; each is compared with all others."""
N_NEIGHBOURS = 15
_SAME_COSINE = 1e-6
"""Difference of cosines below which two galaxies are equally near."""


@dataclass(frozen=True)
class MapQuality:
    """Agreement of neighbours on a map with neighbours among the vectors."""

    trustworthiness: float
    """1 where each neighbour on the map is one among the vectors; 0.5 for random positions."""
    preserved_neighbours: float
    """Fraction of the nearest neighbours among the vectors that are nearest on the map too."""
    n_measured: int


def measure_quality(
    stored: StoredVectors, records: npt.NDArray[Any], seed: int, progress: StageProgress
) -> MapQuality:
    """The quality of a map, measured with some of its galaxies among all of them.

    Parameters
    ----------
    stored
        Vectors of the galaxies of the map, and of no others.
    records : (n,)
        Records of the map, in order of TARGETID.
    seed
        Seed of the choice of the galaxies that measure.
    progress
        Called with the number of vectors that were compared, and of all.

    Notes
    -----
    Venna & Kaski 2001, Lecture Notes in Computer Science 2130, 485, with a mean over the measured
    galaxies in place of one over all.
    """
    n = len(records)
    k = min(N_NEIGHBOURS, (n - 1) // 2)
    generator = np.random.default_rng(seed)
    measured = np.sort(generator.choice(n, min(N_MEASURED, n), replace=False))
    near = _nearest_on_map(np.stack([records["x"], records["y"]], 1), measured, k)
    ranks = _ranks(stored, np.asarray(records["target_id"]), measured, near, progress)
    excess = np.maximum(ranks - k, 0).sum(axis=1)
    trustworthiness = 1 - 2 * float(excess.mean()) / (k * (2 * n - 3 * k - 1))
    return MapQuality(trustworthiness, float((ranks <= k).mean()), len(measured))


def _nearest_on_map(positions: Float32Array, measured: Rows, k: int) -> Rows:
    """(m, k) rows of the nearest galaxies on the map, without the galaxy itself."""
    # Imported here: queries need no part of SciPy.
    from scipy.spatial import cKDTree

    near = cKDTree(positions).query(positions[measured], k + 1)[1]
    # Of many galaxies at one position, the galaxy itself may not be among the nearest.
    order = np.argsort(near == measured[:, None], axis=1, kind="stable")
    return np.asarray(np.take_along_axis(near, order, axis=1)[:, :k], np.int64)


def _ranks(
    stored: StoredVectors, ids: Int64Array, measured: Rows, near: Rows, progress: StageProgress
) -> Int64Array:
    """(m, k) rank of each galaxy `near` among all by cosine with the measured one, from 1."""
    own_rows = stored.rows_of(ids[measured])
    own = stored.take(own_rows)
    others = stored.take(stored.rows_of(ids[near.ravel()])).reshape(*near.shape, -1)
    limits = np.einsum("md,mkd->mk", own, others) + _SAME_COSINE
    nearer = np.zeros(near.shape, np.int64)
    n_compared = 0
    for rows, vectors in stored.blocks():
        cosines = own @ vectors.T
        itself = np.flatnonzero((own_rows >= rows[0]) & (own_rows <= rows[-1]))
        cosines[itself, np.searchsorted(rows, own_rows[itself])] = -np.inf
        for column in range(near.shape[1]):
            nearer[:, column] += (cosines > limits[:, column, None]).sum(axis=1)
        n_compared += len(rows)
        progress(n_compared, len(ids))
    return nearer + 1
