"""Maximal marginal relevance, compared with a slow version."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.query.ranking.diversity import most_diverse


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 12), st.floats(0, 1))
def test_each_next_galaxy_has_the_largest_marginal_relevance(
    seed: int, m: int, n: int, diversity: float
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(m, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = np.sort(rng.uniform(-1, 1, m).astype(np.float32))[::-1]
    selected: list[int] = []
    for place in most_diverse(similarity, vectors, n, diversity):
        scores = {
            g: (1 - diversity) * float(similarity[g])
            - diversity * max((float(vectors[g] @ vectors[h]) for h in selected), default=0)
            for g in range(m)
            if g not in selected
        }
        assert scores[int(place)] >= max(scores.values()) - 1e-6
        selected.append(int(place))
    assert len(selected) == min(n, m)


def test_without_diversity_the_order_is_that_of_similarity() -> None:
    similarity = np.array([0.9, 0.8, 0.1], np.float32)
    assert most_diverse(similarity, np.eye(3, dtype=np.float32), 2, 0).tolist() == [0, 1]
