"""A build of galsearch as an engine: it checks its vectors and returns their rows."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.index.engines.galsearch_engine import TUNED, GalsearchEngine
from benchmarks.index.exact_cosines import QUERIES_FILE, best_cosines, true_cosines
from galsearch.core.modality import Modality
from galsearch.embeddings import open_store


@pytest.fixture(scope="module")
def vectors(synthetic_home: Path) -> np.ndarray:
    store = open_store(synthetic_home / "synthetic", Modality.IMAGE)
    return np.concatenate([part for _, part in store.iter_vectors()])


def test_rows_of_the_nearest_vectors_are_returned(
    synthetic_home: Path, vectors: np.ndarray
) -> None:
    engine = GalsearchEngine(synthetic_home / "toy", "image")
    engine.build(vectors)
    engine.set_query_modality("image")
    with np.load(synthetic_home / "synthetic" / QUERIES_FILE) as stored:
        queries = np.ascontiguousarray(stored["image"], np.float32)
    for setting in (TUNED, engine.settings[-1]):
        rows = engine.search(queries, 10, setting)
        assert rows.shape == (12, 10)
        cosines = true_cosines(vectors, queries, rows)
        assert (np.diff(cosines, axis=1) <= 1e-6).all()
    np.testing.assert_allclose(cosines, best_cosines(vectors, queries), atol=1e-6)
    assert engine.n_bytes() > len(vectors) * vectors.shape[1]


def test_a_build_of_other_vectors_is_refused(synthetic_home: Path, vectors: np.ndarray) -> None:
    engine = GalsearchEngine(synthetic_home / "toy", "image")
    for other in (vectors[:-1], vectors[::-1]):
        with pytest.raises(ValueError) as caught:
            engine.build(other)
        assert str(caught.value) == f"{synthetic_home / 'toy'} was built from other vectors"
