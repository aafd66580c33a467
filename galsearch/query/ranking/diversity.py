"""Results that differ from each other: maximal marginal relevance.

The method is that of Carbonell and Goldstein (1998, SIGIR).
"""

import numpy as np

from galsearch.core.arrays import Float32Array, Rows, Vectors


def most_diverse(similarity: Float32Array, vectors: Vectors, n: int, diversity: float) -> Rows:
    """The first `n` galaxies that maximal marginal relevance selects, in the order of selection.

    Each next galaxy g is the one of largest (1 - diversity) s(g) - diversity max s(g, h), where
    s(g) is its similarity with the query, and s(g, h) the cosine with each galaxy h selected
    before. Of equal ones the first is taken.

    Parameters
    ----------
    similarity : (m,)
        Similarity of each candidate with the query, descending.
    vectors : (m, d) unit rows
        Embeddings of the candidates.
    n
        Number of galaxies to select.
    diversity
        Between 0, the order of similarity, and 1, the least similar to those selected.

    Returns
    -------
    (min(n, m),) indices of the candidates

    Examples
    --------
    >>> vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
    >>> most_diverse(np.array([0.9, 0.9, 0.5], np.float32), vectors, 2, 0.5)
    array([0, 2])
    """
    n = min(n, len(similarity))
    relevance = (1 - diversity) * similarity.astype(np.float64)
    nearest = np.zeros(len(similarity))
    selected = np.zeros(n, np.int64)
    for step in range(n):
        best = int(np.argmax(relevance - diversity * nearest))
        selected[step] = best
        cosines = vectors @ vectors[best]
        nearest = cosines.astype(np.float64) if not step else np.maximum(nearest, cosines)
        relevance[best] = -np.inf
    return selected
