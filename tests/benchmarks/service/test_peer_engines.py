"""Engines find the rows of the largest inner products; those that are not installed are skipped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.service.peer_engines import ENGINES, n_lists

PACKAGES = {
    "faiss": "faiss",
    "qdrant": "qdrant_client",
    "milvus": "pymilvus",
    "pgvector": "pgserver",
}


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_finds_the_nearest_rows(name: str, tmp_path: Path) -> None:
    pytest.importorskip(PACKAGES[name])
    vectors = np.random.default_rng(0).normal(size=(500, 16)).astype(np.float32)
    engine: Any = ENGINES[name](tmp_path, vectors)
    if hasattr(engine, "prepare"):
        engine.prepare(vectors)
    found = engine.search(vectors[:5], 3, engine.depths[-1])
    expected = np.argsort(-vectors[:5] @ vectors.T, axis=1)[:, :3]
    assert [list(map(int, rows)) for rows in found] == expected.tolist()


def test_lists_have_vectors_for_training() -> None:
    assert [n_lists(n) for n in (1, 300, 1_000_000)] == [1, 7, 4000]
