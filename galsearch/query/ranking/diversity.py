"""Results that differ from each other: maximal marginal relevance.

The method is that of Carbonell and Goldstein (1998, SIGIR).
"""

import numpy as np

from galsearch.core.arrays import Float32Array, Rows, Vectors

_CANDIDATES_OF_EACH = 10
"""Number of candidates for each galaxy of a result whose length is 10, 20, 40 and so on."""
_FIRST = 10


def n_candidates(n: int) -> int:
    """Number of the most similar galaxies among which the n-th galaxy of a result is chosen.

    It depends on n alone, so that a longer result, or the next page, continues a shorter one: 100
    for the first 10 galaxies, 200 up to the 20th, and twice as many whenever n doubles.

    Examples
    --------
    >>> [n_candidates(n) for n in (1, 10, 11, 20, 21, 1000)]
    [100, 100, 200, 200, 400, 12800]
    """
    length = _FIRST
    while length < n:
        length *= 2
    return length * _CANDIDATES_OF_EACH


def most_diverse(similarity: Float32Array, vectors: Vectors, n: int, diversity: float) -> Rows:
    """The first `n` galaxies that maximal marginal relevance selects, in the order of selection.

    Each next galaxy g is the one of largest (1 - diversity) s(g) - diversity max s(g, h), where
    s(g) is its similarity with the query, and s(g, h) the cosine with each galaxy h selected
    before. Of equal ones the first is taken. The n-th galaxy is one of the first `n_candidates(n)`.

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
    nearest = np.full(len(similarity), -np.inf)
    selected = np.zeros(n, np.int64)
    size = 0
    for step in range(n):
        known, size = size, min(n_candidates(step + 1), len(similarity))
        if step:
            new = slice(known, size)
            nearest[new] = (vectors[new] @ vectors[selected[:step]].T).max(axis=1, initial=-np.inf)
        penalty = diversity * nearest[:size] if step else 0.0
        best = int(np.argmax(relevance[:size] - penalty))
        selected[step] = best
        np.maximum(nearest[:size], vectors[:size] @ vectors[best], out=nearest[:size])
        relevance[best] = -np.inf
    return selected
