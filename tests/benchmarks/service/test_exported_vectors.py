"""The nearest rows are those that a whole sort finds."""

import numpy as np
import pytest

from benchmarks.service import exported_vectors
from benchmarks.service.exported_vectors import K, nearest_rows


@pytest.mark.parametrize("block", [15, 64, 1000])
def test_nearest_rows_are_those_of_a_whole_sort(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exported_vectors, "_BLOCK", block)
    vectors = np.random.default_rng(1).normal(size=(200, 8)).astype(np.float32)
    rows = np.array([0, 14, 15, 199])
    similarity = vectors[rows] @ vectors.T
    similarity[np.arange(4), rows] = -np.inf
    expected = np.argsort(-similarity, axis=1)[:, :K]
    assert nearest_rows(vectors, rows).tolist() == expected.tolist()
