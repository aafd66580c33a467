"""Ranking of candidates by true cosine, compared with a sort of the cosines of each query."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.search import rerank as module
from galsearch.index.search.rerank import no_candidates, rank_one, rerank
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment
from tests.index.ivf.filled_lists import random_unit_vectors

N, DIM = 60, 8


def stored_vectors(n_segments: int) -> StoredVectors:
    """Few distinct vectors, so that many cosines are equal; segments share the range of ids."""
    vectors = random_unit_vectors(12, DIM, seed=1)[np.arange(N) % 12]
    segments = [
        VectorSegment.in_memory(np.arange(i, N, n_segments) + 2**60, vectors[i::n_segments])
        for i in range(n_segments)
    ]
    return StoredVectors(segments)


def rank_slowly(
    stored: StoredVectors, candidates: np.ndarray, query: np.ndarray, k: int, excluded: int
) -> tuple[list[int], list[float]]:
    """The same by sorting tuples."""
    triples = []
    for row in candidates.tolist():
        if row >= 0 and row != excluded:
            (cosine,) = stored.cosines(np.array([row]), query).tolist()
            triples.append((-cosine, int(stored.ids_at(np.array([row]))[0]), row))
    best = sorted(triples)[:k]
    return [row for _, _, row in best], [-negative for negative, _, _ in best]


@given(
    n_segments=st.integers(1, 2),
    n_queries=st.integers(1, 6),
    width=st.integers(1, 30),
    k=st.integers(1, 40),
    excludes=st.booleans(),
    seed=st.integers(0, 99),
)
def test_candidates_are_ranked_by_cosine_then_targetid(
    n_segments: int, n_queries: int, width: int, k: int, excludes: bool, seed: int
) -> None:
    stored = stored_vectors(n_segments)
    generator = np.random.default_rng(seed)
    candidates = np.stack([generator.permutation(N)[:width] for _ in range(n_queries)])
    # Padding is at the end of a row.
    candidates[np.arange(width) >= generator.integers(1, width + 1, (n_queries, 1))] = -1
    queries = stored.take(generator.integers(0, N, n_queries))
    excluded = candidates[:, 0].copy() if excludes else None
    rows, cosines = rerank(stored, candidates, queries, k=k, exclude_rows=excluded)
    assert rows.shape == cosines.shape == (n_queries, min(k, width))
    for i in range(n_queries):
        own = -1 if excluded is None else int(excluded[i])
        expected, values = rank_slowly(stored, candidates[i], queries[i], k, own)
        n = len(expected)
        assert rows[i, :n].tolist() == expected
        np.testing.assert_array_equal(cosines[i, :n], np.array(values, np.float32))
        assert (rows[i, n:] == -1).all()
        assert np.isnan(cosines[i, n:]).all()
        alone = rank_one(stored, candidates[i], queries[i], k=k, exclude_row=own)
        assert alone[0].tolist() == expected


def test_the_result_does_not_depend_on_the_block_size(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = stored_vectors(1)
    candidates = np.tile(np.arange(N), (20, 1))
    queries = stored.take(np.arange(20))
    expected = rerank(stored, candidates, queries, k=7)
    monkeypatch.setattr(module, "_BLOCK_COMPONENTS", 3 * N * DIM)
    found = rerank(stored, candidates, queries, k=7)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_without_candidates_everything_is_padding() -> None:
    rows, cosines = no_candidates(2, 3)
    assert rows.tolist() == [[-1] * 3] * 2
    assert cosines.dtype == np.float32
    assert np.isnan(cosines).all()
