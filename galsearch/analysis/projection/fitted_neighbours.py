"""The nearest fitted galaxies of each galaxy, for the fit of a map and for placement on it."""

from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import Float64Array, Rows, TargetIds
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.progress import StageProgress
from galsearch.index.search.galaxy_index import GalaxyIndex

_BLOCK_ROWS = 2_048


@dataclass(frozen=True, eq=False)
class FittedNeighbours:
    """The nearest fitted galaxies of some galaxies, the nearest first."""

    rows: Rows
    """(n, k) rows of the fitted galaxies; -1 where the search found fewer."""
    distance: Float64Array
    """(n, k) Euclidean distances of the unit vectors; infinite where the search found fewer."""


def nearest_fitted(
    index: GalaxyIndex,
    kind: Modality,
    target_ids: TargetIds,
    fitted_ids: TargetIds,
    k: int,
    progress: StageProgress,
) -> FittedNeighbours:
    """The `k` nearest fitted galaxies of each galaxy, without the galaxy itself.

    Parameters
    ----------
    index
        The index, whose lists are searched.
    kind
        Modality of the vectors.
    target_ids : (n,)
        Galaxies of the index that have such a vector.
    fitted_ids : (m,)
        The fitted galaxies, ascending.
    k
        Number of neighbours.
    progress
        Called with the number of galaxies that were compared, and of all.
    """
    stored = index.stored(kind)
    # A filter that selects all vectors would only cost time.
    among = None if len(fitted_ids) == len(stored) else index.row_filter(fitted_ids, kind)
    rows = np.full((len(target_ids), k), -1)
    distance = np.full((len(target_ids), k), np.inf)
    for start in range(0, len(target_ids), _BLOCK_ROWS):
        own = stored.rows_of(target_ids[start : start + _BLOCK_ROWS])
        found = index.search(
            stored.take(own), using=kind, among=kind, k=k, exclude_rows=own, row_filter=among
        )
        block = (slice(start, start + len(own)), slice(found.rows.shape[1]))
        at = find_rows(fitted_ids, found.target_ids.ravel()).reshape(found.rows.shape)
        rows[block] = at
        cosine = np.where(at < 0, -np.inf, found.similarity.astype(np.float64))
        distance[block] = np.sqrt(np.maximum(2 - 2 * cosine, 0))
        progress(start + len(own), len(target_ids))
    return FittedNeighbours(rows, distance)
