"""Exact results against a plain comparison of everything; ties and repeated rows."""

import numpy as np

from benchmarks.index.exact_cosines import (
    K,
    best_cosines,
    count_found,
    mean_recall,
    true_cosines,
)


def unit_vectors(n: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_best_cosines_are_those_of_comparing_everything() -> None:
    vectors, queries = unit_vectors(500, 1), unit_vectors(6, 2)
    slow = queries.astype(float) @ vectors.astype(float).T
    expected = -np.sort(-slow, axis=1)[:, :K]
    np.testing.assert_allclose(best_cosines(vectors, queries), expected, rtol=0, atol=1e-12)


def test_a_missing_row_has_cosine_minus_one() -> None:
    vectors = unit_vectors(5, 1)
    found = true_cosines(vectors, vectors[:1], np.array([[0, -1]]))
    np.testing.assert_allclose(found, [[1, -1]], atol=1e-6)


def test_equal_vectors_count_as_found_and_a_repeated_row_counts_once() -> None:
    vectors, queries = unit_vectors(40, 3), unit_vectors(2, 4)
    vectors = np.concatenate([vectors, vectors])
    exact = best_cosines(vectors, queries)
    nearest = np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :K]
    assert count_found(vectors, queries, exact, nearest).tolist() == [K, K]
    copies = (nearest + 40) % 80
    assert count_found(vectors, queries, exact, copies).tolist() == [K, K]
    repeated = np.repeat(nearest[:, :1], K, axis=1)
    assert count_found(vectors, queries, exact, repeated).tolist() == [1, 1]
    assert mean_recall(vectors, queries, nearest, exact[:, -1:]) == 1.0
