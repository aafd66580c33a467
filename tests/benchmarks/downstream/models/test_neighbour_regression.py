"""Regression from neighbours, compared with a slow loop."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.downstream.models import neighbour_regression


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_neighbours_are_those_of_a_slow_loop(seed: int, k: int) -> None:
    generator = np.random.default_rng(seed)
    known, queries = generator.normal(size=(9, 3)), generator.normal(size=(4, 3))
    values = generator.normal(size=(9, 2))
    values[generator.random((9, 2)) < 0.3] = np.nan
    values[0] = 1.0
    found = neighbour_regression.predict(known, values, queries, k=k)
    for i, one in enumerate(queries):
        for column in range(2):
            rows = [r for r in range(9) if math.isfinite(values[r, column])]
            rows = sorted(rows, key=lambda r: math.dist(one, known[r]))[:k]
            weights = [1 / math.dist(one, known[r]) for r in rows]
            mean = sum(w * values[r, column] for w, r in zip(weights, rows, strict=True))
            assert found[i, column] == pytest.approx(mean / sum(weights))


def test_a_reference_galaxy_is_predicted_from_itself() -> None:
    known = np.random.default_rng(1).normal(size=(100, 4))
    values = np.arange(100.0)[:, None]
    found = neighbour_regression.predict(known, values, known[:5], k=64)
    np.testing.assert_allclose(found[:, 0], range(5), atol=1e-4)


def test_vectors_are_standardised_by_training_rows_alone() -> None:
    vectors = np.random.default_rng(2).normal(3, 2, size=(50, 3))
    vectors[:, 2] = 7.0
    train = np.arange(30)
    found = neighbour_regression.standardised(vectors, train)
    np.testing.assert_allclose(found[train, :2].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found[train, :2].std(axis=0), 1, rtol=1e-5)
    assert (found[:, 2] == 0).all()
