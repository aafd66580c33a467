"""Trustworthiness and preserved neighbours against a slow version over all pairs."""

import numpy as np
import pytest

from galsearch.analysis.projection.map_quality import measure_quality
from galsearch.core.progress import no_stage_progress
from galsearch.core.vectors import unit_rows
from galsearch.index.vectors.map_records import MAP_DTYPE
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

N, K = 70, 15
IDS = np.arange(100, 100 + N)


def stored_vectors() -> StoredVectors:
    vectors = unit_rows(np.random.default_rng(2).normal(size=(N, 6)).astype(np.float32))
    parts = [VectorSegment.in_memory(IDS[::2], vectors[::2])]
    parts.append(VectorSegment.in_memory(IDS[1::2], vectors[1::2]))
    return StoredVectors(parts)


def records_at(positions: np.ndarray) -> np.ndarray:
    records = np.zeros(N, MAP_DTYPE)
    records["target_id"], records["x"], records["y"] = IDS, *positions.T
    return records


def ranks(distance: np.ndarray) -> np.ndarray:
    """Rank of each other galaxy, from 1; 0 for the galaxy itself."""
    np.fill_diagonal(distance, -1)
    return np.argsort(np.argsort(distance, axis=1, kind="stable"), axis=1)


@pytest.mark.parametrize("kind", ["random", "projected", "one position"])
def test_the_quality_is_that_of_the_definition(kind: str) -> None:
    stored = stored_vectors()
    vectors = stored.take(stored.rows_of(IDS)).astype(np.float64)
    positions = {
        "random": np.random.default_rng(5).normal(size=(N, 2)),
        "projected": vectors[:, :2],
        "one position": vectors[:, :2] * (np.arange(N) > 20)[:, None],
    }[kind].astype(np.float32)
    measured = measure_quality(stored, records_at(positions), 0, no_stage_progress)
    assert measured.n_measured == N
    if kind == "one position":
        assert 0.4 < measured.trustworthiness < 1
        return
    near_map = ranks(np.linalg.norm(positions[:, None] - positions[None], axis=2))
    near_vectors = ranks(1 - vectors @ vectors.T)
    pairs = (near_map >= 1) & (near_map <= K)
    excess = np.maximum(near_vectors - K, 0)[pairs].sum()
    expected = 1 - 2 * excess / (N * K * (2 * N - 3 * K - 1))
    assert measured.trustworthiness == pytest.approx(expected, abs=1e-9)
    assert measured.preserved_neighbours == pytest.approx((near_vectors[pairs] <= K).mean())
