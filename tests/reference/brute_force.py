"""The oracle: brute force as one would write it on a blackboard, for tests and measurements."""

import numpy as np
import numpy.typing as npt

from galsearch.core.vectors import neighbour_order


def brute_force(
    vectors: npt.NDArray[np.floating],
    target_ids: npt.NDArray[np.int64],
    query: npt.NDArray[np.floating],
    *,
    k: int,
    exclude: int | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """The `k` galaxies of largest cosine, equal ones by ascending TARGETID, without `exclude`.

    Parameters
    ----------
    vectors : (n, d) unit rows
    target_ids : (n,)
    query : (d,) of unit length

    Returns
    -------
    target_ids : (min(k, n),) int64
    cosines : (min(k, n),) float32

    Examples
    --------
    >>> sky = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    >>> brute_force(sky, np.array([5, 6, 7]), np.array([1.0, 0.0]), k=2, exclude=5)
    (array([7, 6]), array([0.6, 0. ], dtype=float32))
    """
    others = np.ones(len(target_ids), bool) if exclude is None else target_ids != exclude
    products = np.asarray(vectors, np.float64)[others] * np.asarray(query, np.float64)
    cosines = np.clip(products.sum(axis=1), -1.0, 1.0).astype(np.float32)
    ids = target_ids[others]
    order = neighbour_order(cosines, ids)[:k]
    return ids[order], cosines[order]
