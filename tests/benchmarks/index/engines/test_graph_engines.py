"""The graph engines pass their settings on to their libraries, which need not be installed here."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.index.engines.graph_engines import HnswlibEngine, UsearchEngine

VECTORS = np.random.default_rng(1).normal(size=(60, 8)).astype(np.float32)
NEAREST = np.argsort(-(VECTORS @ VECTORS.T), axis=1)


class ExactHnswlib:
    """The interface of an hnswlib index, by comparison with every vector."""

    def __init__(self, *, space: str, dim: int) -> None:
        assert (space, dim) == ("ip", 8)

    def init_index(self, *, max_elements: int, **_: int) -> None:
        assert max_elements == 60

    def add_items(self, vectors: np.ndarray, labels: np.ndarray, **_: int) -> None:
        self.vectors, self.labels = vectors, labels

    def set_num_threads(self, n: int) -> None:
        self.n_threads = n

    def set_ef(self, ef: int) -> None:
        self.ef = ef

    def knn_query(self, queries: np.ndarray, k: int, **_: int) -> tuple[np.ndarray, np.ndarray]:
        inner = queries @ self.vectors.T
        order = np.argsort(-inner, axis=1)[:, :k]
        return self.labels[order].astype(np.uint64), np.sort(-inner, axis=1)[:, :k]

    def save_index(self, path: str) -> None:
        Path(path).write_bytes(self.vectors.tobytes())


class ExactUsearch:
    """The interface of a usearch index, by comparison with every vector."""

    serialized_length = 12_345

    def __init__(self, *, ndim: int, metric: str, dtype: str, **_: int) -> None:
        assert (ndim, metric, dtype) == (8, "ip", "f32")

    def add(self, keys: np.ndarray, vectors: np.ndarray, **_: int) -> None:
        self.keys, self.vectors = keys, vectors

    def search(self, queries: np.ndarray, k: int, **_: int) -> SimpleNamespace:
        order = np.argsort(-(queries @ self.vectors.T), axis=1)[:, :k]
        # As the library does, one query gives keys without an axis of queries.
        return SimpleNamespace(keys=self.keys[order[0] if len(queries) == 1 else order])


@pytest.fixture(params=["hnswlib", "usearch"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "hnswlib":
        monkeypatch.setitem(sys.modules, "hnswlib", SimpleNamespace(Index=ExactHnswlib))
        built: Any = HnswlibEngine("default")
    else:
        monkeypatch.setitem(sys.modules, "usearch", SimpleNamespace())
        monkeypatch.setitem(sys.modules, "usearch.index", SimpleNamespace(Index=ExactUsearch))
        built = UsearchEngine(UsearchEngine.variants[0])
    built.build(VECTORS)
    return built


@pytest.mark.parametrize("n_queries", [1, 7])
def test_rows_are_the_nearest_vectors(engine: Any, n_queries: int) -> None:
    rows = engine.search(VECTORS[:n_queries], 5, engine.settings[0])
    assert rows.dtype == np.int64
    np.testing.assert_array_equal(rows, NEAREST[:n_queries, :5])


def test_at_least_k_candidates_are_held(engine: Any) -> None:
    name = "ef" if isinstance(engine, HnswlibEngine) else "expansion_search"
    key = next(iter(engine.settings[0]))
    engine.search(VECTORS[:1], 20, {key: 10})
    assert getattr(engine.index, name) == 20
    engine.search(VECTORS[:1], 20, {key: 64})
    assert getattr(engine.index, name) == 64


def test_the_size_is_that_of_the_serialised_index(engine: Any) -> None:
    expected = VECTORS.nbytes if isinstance(engine, HnswlibEngine) else 12_345
    assert engine.n_bytes() == expected
