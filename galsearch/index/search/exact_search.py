"""Exact search: every vector that may be found is compared.

It is slow for millions of vectors. It is the reference against which recall is measured, and the
fallback where inverted lists cannot find enough.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np

from galsearch.core.arrays import Float32Array, Rows, Vectors
from galsearch.index.search.rerank import Ranked, no_candidates, rank_one
from galsearch.index.search.search_result import not_finite
from galsearch.index.vectors.stored_vectors import StoredVectors

_QUERIES_AT_A_TIME = 256
"""Queries compared in one product: 32 MB of cosines with a block of stored vectors."""

Blocks: TypeAlias = Iterable[tuple[Rows, Vectors]]
"""Stored rows and their unit vectors, some at a time."""


def exact_search(
    stored: StoredVectors,
    queries: Vectors,
    *,
    k: int,
    exclude_rows: Rows | None = None,
    blocks: Callable[[], Blocks] | None = None,
) -> Ranked:
    """The `k` stored vectors of largest cosine for each query, without the excluded row.

    Parameters
    ----------
    queries : (q, d) unit rows
    exclude_rows : (q,)
        Row of each query galaxy itself, -1 for none.
    blocks
        Returns the rows and vectors that may be found; by default all that are stored.

    Returns
    -------
    rows, cosines : (q, k)
        The end of a row is -1 and NaN where fewer than `k` may be found.

    Raises
    ------
    ManifestError
        Where a vector that is compared is not finite.
    """
    rows, cosines = no_candidates(len(queries), k)
    for start in range(0, len(queries), _QUERIES_AT_A_TIME):
        part = queries[start : start + _QUERIES_AT_A_TIME]
        allowed = stored.blocks() if blocks is None else blocks()
        # One more than wanted, because the excluded row is dropped afterwards.
        for i, candidates in enumerate(_candidate_rows(stored, allowed, part, k + 1), start):
            excluded = -1 if exclude_rows is None else int(exclude_rows[i])
            best, found = rank_one(stored, candidates, queries[i], k=k, exclude_row=excluded)
            rows[i, : len(best)], cosines[i, : len(best)] = best, found
    return rows, cosines


def rounding_margin(dim: int) -> np.float32:
    """Twice the largest error of a single-precision dot product of two unit vectors."""
    return np.float32(2 * dim * 2.0**-24 + 1e-6)


def _candidate_rows(stored: StoredVectors, blocks: Blocks, queries: Vectors, k: int) -> list[Rows]:
    """For each query all rows that can be among its best `k`.

    Products in single precision only rule out rows that are certainly not; cosines in double
    precision decide between the others afterwards.
    """
    margin = rounding_margin(queries.shape[1])
    rows = [np.empty(0, np.int64) for _ in queries]
    cosines = [np.empty(0, np.float32) for _ in queries]
    for block_rows, vectors in blocks:
        with np.errstate(invalid="ignore", over="ignore"):
            products = queries @ vectors.T
        # Vectors are not read when an index is opened. What is not finite would be left out.
        wrong = block_rows[~np.isfinite(products[0])]
        if len(wrong) or not np.isfinite(products[:, :1]).all():
            raise not_finite(stored, wrong if len(wrong) else block_rows)
        for i, found in enumerate(products):
            possible = np.flatnonzero(found >= _kth_largest(found, k) - margin)
            joined = np.concatenate([cosines[i], found[possible]])
            joined_rows = np.concatenate([rows[i], block_rows[possible]])
            best = joined >= _kth_largest(joined, k) - margin
            rows[i], cosines[i] = joined_rows[best], joined[best]
    return rows


def _kth_largest(values: Float32Array, k: int) -> np.float32:
    """The k-th largest value; minus infinity where there are not more than k."""
    if len(values) <= k:
        return np.float32(-np.inf)
    return np.float32(np.partition(values, len(values) - k)[len(values) - k])
