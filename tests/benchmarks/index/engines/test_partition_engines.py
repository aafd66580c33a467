"""The partition engines pass their settings on to their libraries, which need not be installed."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.index.engines.partition_engines import LanceDbEngine, ScannEngine

VECTORS = np.random.default_rng(1).normal(size=(100, 8)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
NEAREST = np.argsort(-(VECTORS @ VECTORS.T), axis=1)


class ExactScann:
    """Builder and index of ScaNN in one: exact, except that it finds at most four neighbours."""

    def __init__(self, vectors: np.ndarray, k: int, metric: str) -> None:
        assert (k, metric) == (10, "dot_product")
        self.vectors = vectors
        self.options: dict[str, Any] = {}

    def tree(self, **options: Any) -> "ExactScann":
        self.options = options
        return self

    def score_ah(self, *_: Any, **__: Any) -> "ExactScann":
        return self

    def reorder(self, _: int) -> "ExactScann":
        return self

    def build(self) -> "ExactScann":
        return self

    def search(self, query: np.ndarray, **options: Any) -> tuple[np.ndarray, np.ndarray]:
        self.last = options
        order = np.argsort(-(self.vectors @ query))[: min(4, options["final_num_neighbors"])]
        return order, (self.vectors @ query)[order]

    def search_batched(self, queries: np.ndarray, **options: Any) -> tuple[list[np.ndarray], None]:
        return [self.search(query, **options)[0] for query in queries], None

    def serialize(self, directory: str) -> None:
        (Path(directory) / "vectors").write_bytes(bytes(100))
        (Path(directory) / "codes").write_bytes(bytes(11))


@pytest.fixture
def scann(monkeypatch: pytest.MonkeyPatch) -> ScannEngine:
    module = SimpleNamespace(scann_ops_pybind=SimpleNamespace(builder=ExactScann))
    monkeypatch.setitem(sys.modules, "scann", module)
    engine = ScannEngine("default")
    engine.build(VECTORS)
    return engine


@pytest.mark.parametrize("n_queries", [1, 5])
def test_scann_rows_are_filled_up_with_minus_one(scann: ScannEngine, n_queries: int) -> None:
    rows = scann.search(VECTORS[:n_queries], 6, {"leaves": 3, "reorder": 30})
    assert rows.dtype == np.int64
    np.testing.assert_array_equal(rows[:, :4], NEAREST[:n_queries, :4])
    assert (rows[:, 4:] == -1).all()
    assert scann.index.last == {
        "final_num_neighbors": 6,
        "pre_reorder_num_neighbors": 30,
        "leaves_to_search": 3,
    }


def test_scann_has_twice_as_many_leaves_as_the_root_of_n(scann: ScannEngine) -> None:
    assert scann.index.options["num_leaves"] == 20
    assert scann.index.options["training_sample_size"] == 100
    assert scann.n_bytes() == 111


class ExactTable:
    """Table and query builder of LanceDB in one, by comparison with every vector."""

    def __init__(self, table: pa.Table) -> None:
        self.ids = table["id"].to_numpy()
        self.vectors = np.stack(table["vector"].to_numpy())

    def create_index(self, **options: str) -> None:
        assert options == {"metric": "cosine", "vector_column_name": "vector"}

    def search(self, query: np.ndarray) -> "ExactTable":
        self.query, self.used = query, {}
        return self

    def distance_type(self, name: str) -> "ExactTable":
        assert name == "cosine"
        return self

    def limit(self, k: int) -> "ExactTable":
        self.k = k
        return self

    def select(self, _: list[str]) -> "ExactTable":
        return self

    def nprobes(self, n: int) -> "ExactTable":
        self.used["nprobes"] = n
        return self

    def refine_factor(self, n: int) -> "ExactTable":
        self.used["refine_factor"] = n
        return self

    def to_arrow(self) -> pa.Table:
        order = np.argsort(-(self.vectors @ self.query))[: self.k]
        return pa.table({"id": self.ids[order]})


def test_lancedb_searches_each_query_with_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(directory: str) -> SimpleNamespace:
        (Path(directory) / "data").mkdir()
        (Path(directory) / "data" / "part").write_bytes(bytes(42))
        return SimpleNamespace(create_table=lambda _, table: ExactTable(table))

    monkeypatch.setitem(sys.modules, "lancedb", SimpleNamespace(connect=connect))
    engine = LanceDbEngine("default")
    engine.build(VECTORS)
    rows = engine.search(VECTORS[:4], 5, {"nprobes": 10, "refine_factor": 50})
    np.testing.assert_array_equal(rows, NEAREST[:4, :5])
    assert engine.table.used == {"nprobes": 10, "refine_factor": 50}
    assert engine.n_bytes() == 42
    engine.directory.cleanup()
