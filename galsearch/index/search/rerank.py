"""Ranking of candidates by the true cosines of their stored vectors, many queries at once."""

from typing import TypeAlias

import numpy as np

from galsearch.core.arrays import Float32Array, Rows, Vectors
from galsearch.index.vectors.stored_vectors import StoredVectors

_BLOCK_COMPONENTS = 1 << 17
"""Components converted to double precision at a time: 1 MB, which fits the cache of a core."""

Ranked: TypeAlias = tuple[Rows, Float32Array]
"""(q, k) rows of the best candidates of each query, -1 for none, and their cosines, NaN for none.
Descending; equal cosines by ascending TARGETID."""


def rerank(
    stored: StoredVectors,
    candidates: Rows,
    queries: Vectors,
    *,
    k: int,
    exclude_rows: Rows | None = None,
) -> Ranked:
    """The best `k` of each query's candidates by true cosine, without the excluded row.

    Parameters
    ----------
    candidates : (q, n)
        Rows of stored vectors, each once in a row; -1 for none.
    queries : (q, d) unit rows
    exclude_rows : (q,)
        The row of each query galaxy itself, -1 for none.

    Returns
    -------
    rows, cosines : (q, min(k, n))
    """
    n = len(candidates)
    width = min(k, candidates.shape[1])
    if n == 1:
        excluded = -1 if exclude_rows is None else int(exclude_rows[0])
        best, found = rank_one(stored, candidates[0], queries[0], k=k, exclude_row=excluded)
        if len(best) == width:
            return best[None], found[None]
        rows, cosines = no_candidates(1, width)
        rows[0, : len(best)], cosines[0, : len(best)] = best, found
        return rows, cosines
    rows = np.empty((n, width), np.int64)
    cosines = np.empty((n, width), np.float32)
    step = max(1, _BLOCK_COMPONENTS // max(1, candidates.shape[1] * stored.dim))
    for start in range(0, n, step):
        part = slice(start, start + step)
        excluded_part = None if exclude_rows is None else exclude_rows[part]
        rows[part], cosines[part] = _rank_block(
            stored, candidates[part], queries[part], excluded_part, k
        )
    return rows, cosines


def _rank_block(
    stored: StoredVectors,
    candidates: Rows,
    queries: Vectors,
    exclude_rows: Rows | None,
    k: int,
) -> Ranked:
    ascending = len(stored.segments) == 1
    if ascending:
        # Rows of one segment ascend as their TARGETIDs do, so a stable sort breaks ties by id.
        candidates = np.sort(candidates, axis=1)
    allowed = candidates >= 0
    if exclude_rows is not None:
        allowed &= candidates != exclude_rows[:, None]
    complete = bool(allowed.all())
    if not complete:
        candidates = np.where(allowed, candidates, 0)
    negative = -stored.cosines(candidates, queries)
    if not complete:
        negative[~allowed] = np.inf
    if ascending:
        order = np.argsort(negative, axis=1, kind="stable")[:, :k]
    else:
        order = np.lexsort((stored.ids_at(candidates), negative), axis=-1)[:, :k]
    at = (np.arange(len(order))[:, None], order)
    rows, cosines = candidates[at], -negative[at]
    if not complete:
        padding = ~allowed[at]
        rows[padding], cosines[padding] = -1, np.nan
    return rows, cosines


def rank_one(
    stored: StoredVectors, candidates: Rows, query: Vectors, *, k: int, exclude_row: int
) -> tuple[Rows, Float32Array]:
    """The best `k` of the candidates of one query, best first, and their cosines.

    Half the time of a single query is the overhead of calls, so this makes fewer of them than the
    ranking of many queries.

    Parameters
    ----------
    candidates : (n,)
        Rows, each once; those that are -1 stand at the end.
    query : (d,) of unit length
    exclude_row
        Row that is left out, -1 for none.

    Returns
    -------
    rows, cosines : (min(k, allowed),)
    """
    if len(candidates) and candidates[-1] < 0:
        candidates = candidates[candidates >= 0]
    if exclude_row >= 0:
        candidates = candidates[candidates != exclude_row]
    cosines = stored.cosines(candidates, query)
    # Rows of one segment ascend as their TARGETIDs do.
    ids = candidates if len(stored.segments) == 1 else stored.ids_at(candidates)
    order = np.lexsort((ids, -cosines))[:k]
    return candidates[order], cosines[order]


def no_candidates(n_queries: int, width: int) -> Ranked:
    """Rows and cosines of queries for which nothing has been found yet."""
    return np.full((n_queries, width), -1), np.full((n_queries, width), np.nan, np.float32)
