"""Exact results of the index benchmarks, against which the recall of every engine is measured.

Neighbours count as found where their cosine is at least that of the k-th exact neighbour, so
equal cosines are not misses. Cosines are compared in double precision.
"""

from pathlib import Path

import numpy as np

from galsearch.core.arrays import Float64Array, Int64Array, Rows, Vectors
from galsearch.core.modality import Modality
from galsearch.files.atomic import write_array, write_arrays

K = 10
N_QUERIES = 1000
"""Number of queries of each modality that are compared with every stored vector."""
QUERIES_FILE = "queries.npz"
"""Query vectors of both modalities in a directory of synthetic vectors."""
TIE = 1e-12
"""Cosines that differ by less than this count as equal, because sums in double precision depend on
their order.
"""
_BLOCK_ROWS = 32_768


def prepare_exact(synthetic: Path, among: str) -> None:
    """Write the vectors of one modality as one array, and the exact largest cosines of the queries,
    into the directory of synthetic vectors.

    Nothing is done where these files exist already.
    """
    if (synthetic / f"exact-{among}.npz").exists():
        return
    from galsearch.embeddings import open_store

    vectors = np.concatenate(
        [part for _, part in open_store(synthetic, Modality(among)).iter_vectors()]
    )
    write_array(synthetic / f"vectors-{among}.npy", vectors)
    with np.load(synthetic / QUERIES_FILE) as queries:
        best = {str(using): best_cosines(vectors, queries[using][:N_QUERIES]) for using in Modality}
    write_arrays(synthetic / f"exact-{among}.npz", **best)


def best_cosines(vectors: Vectors, queries: Vectors) -> Float64Array:
    """(q, K) largest cosines of each query with all vectors, in descending order."""
    # Single precision is faster and selects twice as many vectors as needed, of which double
    # precision finds the nearest.
    n_candidates = 2 * K
    best = np.full((len(queries), n_candidates), -np.inf, np.float32)
    rows = np.full((len(queries), n_candidates), -1)
    for start in range(0, len(vectors), _BLOCK_ROWS):
        block = queries @ np.asarray(vectors[start : start + _BLOCK_ROWS], np.float32).T
        for number, cosines in enumerate(block):
            better = np.flatnonzero(cosines > best[number].min())
            if len(better):
                joined = np.concatenate([best[number], cosines[better]])
                joined_rows = np.concatenate([rows[number], start + better])
                order = np.argsort(-joined, kind="stable")[:n_candidates]
                best[number], rows[number] = joined[order], joined_rows[order]
    return -np.sort(-true_cosines(vectors, queries, rows), axis=1)[:, :K]


def true_cosines(vectors: Vectors, queries: Vectors, rows: Rows) -> Float64Array:
    """(q, n) cosines, in double precision, of each query with the vectors at the given row numbers
    (q, n).

    A row number of -1 (no neighbour) gives a cosine of -1.
    """
    found = np.full(rows.shape, -1.0)
    for number, (query, query_rows) in enumerate(zip(queries, rows, strict=True)):
        present = query_rows >= 0
        neighbours = np.asarray(vectors[query_rows[present]], np.float64)
        found[number, present] = neighbours @ query.astype(np.float64)
    return found


def count_found(vectors: Vectors, queries: Vectors, exact: Float64Array, rows: Rows) -> Int64Array:
    """(q,) number of rows returned for each query, each counted once, that are as near as the K-th
    exact neighbour.

    Parameters
    ----------
    exact : (q, K)
        The largest cosines, descending, from `best_cosines`.
    rows : (q, K)
        Rows that an engine returned.
    """
    ordered = np.sort(rows, axis=1)
    repeated = np.zeros(rows.shape, bool)
    repeated[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    near = true_cosines(vectors, queries, ordered) >= exact[:, -1:] - TIE
    return np.asarray(np.minimum((near & ~repeated).sum(axis=1), K))


def mean_recall(vectors: Vectors, queries: Vectors, rows: Rows, least: Float64Array) -> float:
    """Mean over queries of the recall of the rows that an engine returned.

    Parameters
    ----------
    rows : (q, n)
        Rows that were returned, at most K of each query, each once.
    least : (q, 1)
        Cosine of the last exact neighbour of each query.
    """
    wanted = min(K, rows.shape[1])
    near = true_cosines(vectors, queries, rows) >= least - TIE
    return float(np.minimum(near.sum(axis=1), wanted).mean() / wanted)
