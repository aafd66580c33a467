"""Maximal marginal relevance, compared with a slow version."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.query.ranking.diversity import most_diverse, n_candidates


@given(st.integers(0, 1000), st.integers(1, 260), st.integers(1, 30), st.floats(0, 1))
def test_each_next_galaxy_has_the_largest_marginal_relevance(
    seed: int, m: int, n: int, diversity: float
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(m, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = np.sort(rng.uniform(-1, 1, m).astype(np.float32))[::-1]
    selected: list[int] = []
    for place in most_diverse(similarity, vectors, n, diversity):
        rest = [g for g in range(min(m, n_candidates(len(selected) + 1))) if g not in selected]
        nearest = (vectors[rest] @ vectors[selected].T).max(axis=1) if selected else 0
        scores = (1 - diversity) * similarity[rest] - diversity * nearest
        assert scores[rest.index(int(place))] >= scores.max() - 1e-6
        selected.append(int(place))
    assert len(selected) == min(n, m)


@given(st.integers(0, 1000), st.integers(1, 300), st.integers(1, 40), st.integers(0, 40))
def test_a_longer_result_continues_a_shorter_one(seed: int, m: int, n: int, more: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(m, 3)).astype(np.float32)
    similarity = np.sort(rng.uniform(-1, 1, m).astype(np.float32))[::-1]
    longer = most_diverse(similarity, vectors, n + more, 0.4)
    assert most_diverse(similarity, vectors, n, 0.4).tolist() == longer[:n].tolist()


def test_without_diversity_the_order_is_that_of_similarity() -> None:
    similarity = np.array([0.9, 0.8, 0.1], np.float32)
    assert most_diverse(similarity, np.eye(3, dtype=np.float32), 2, 0).tolist() == [0, 1]
