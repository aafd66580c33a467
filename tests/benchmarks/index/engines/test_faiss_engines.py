"""FAISS engines build, search and state their size at toy scale."""

import numpy as np
import pytest

from benchmarks.index.engines.faiss_engines import FaissEngine


@pytest.mark.parametrize("variant", ["ip IVF{lists},Flat", "l2 IVF{lists}_HNSW32,SQ8,RFlat"])
def test_an_engine_finds_the_stored_vectors_themselves(variant: str) -> None:
    vectors = np.random.default_rng(1).normal(size=(1500, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    engine = FaissEngine(variant)
    engine.build(vectors[:1400].copy())
    rows = engine.search(vectors[:20], 5, engine.settings[-1])
    assert rows.shape == (20, 5)
    assert (rows[:, 0] == np.arange(20)).all()
    assert engine.n_bytes() > 1400 * 8
