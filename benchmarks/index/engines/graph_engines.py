"""Search engines of the comparison, each behind the face of `benchmarks.index.engines.engine_protocol`.

Each is set as its own documentation advises for a million vectors; `builds` lists the ways of
building that are tried and `settings` what is swept in each, from the cheapest on. Foreign
packages are imported when an engine is made, so that each may live in an environment of its own.
"""

import importlib
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import Engine, Rows, Setting, Vectors, cpus, grid
from benchmarks.index.engines.faiss_engines import Autofaiss, PlainFaiss


class Hnswlib(Engine):
    """A graph over all vectors, M = 16, ef_construction = 128."""

    settings = grid(ef=(10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512))

    def build(self, vectors: Vectors) -> None:
        """One graph in memory."""
        hnswlib: Any = importlib.import_module("hnswlib")
        n, dim = vectors.shape
        self.index = hnswlib.Index(space="ip", dim=dim)
        self.index.init_index(max_elements=n, M=16, ef_construction=128, random_seed=1)
        self.index.add_items(vectors, np.arange(n), num_threads=cpus())
        self.index.set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """`ef` candidates are kept while walking."""
        self.index.set_ef(max(k, int(setting["ef"])))
        return np.asarray(self.index.knn_query(questions, k, num_threads=1)[0], np.int64)

    def n_bytes(self) -> int:
        """Of its file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index"
            self.index.save_index(str(path))
            return path.stat().st_size


class Usearch(Engine):
    """A graph over all vectors, connectivity 16.

    In single precision: in its half precision neighbours that are 1e-4 away can not be told apart.
    """

    builds = ("f32",)
    settings = grid(expansion=(10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512))

    def build(self, vectors: Vectors) -> None:
        """One graph in memory."""
        usearch: Any = importlib.import_module("usearch.index")
        n, dim = vectors.shape
        self.index = usearch.Index(
            ndim=dim, metric="ip", dtype=self.how, connectivity=16, expansion_add=128
        )
        self.index.add(np.arange(n), vectors, threads=cpus())

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """`expansion` candidates are kept while walking."""
        self.index.expansion_search = max(k, int(setting["expansion"]))
        matches = self.index.search(questions, k, threads=1)
        return np.asarray(matches.keys, np.int64).reshape(len(questions), k)

    def n_bytes(self) -> int:
        """Of its file."""
        return int(self.index.serialized_length)


class Scann(Engine):
    """A tree with anisotropic 4-bit codes and exact re-ordering."""

    settings = grid(leaves=(1, 2, 3, 5, 8, 12, 20, 30, 60, 100, 200), reorder=(30, 60, 100, 200))

    def build(self, vectors: Vectors) -> None:
        """As its documentation sets a million vectors."""
        scann: Any = importlib.import_module("scann")
        n = len(vectors)
        self.vectors = vectors
        self.index = (
            scann.scann_ops_pybind.builder(vectors, 10, "dot_product")
            .tree(
                num_leaves=2 * int(math.sqrt(n)),
                num_leaves_to_search=30,
                training_sample_size=min(n, 250_000),
            )
            .score_ah(2, anisotropic_quantization_threshold=0.2)
            .reorder(100)
            .build()
        )

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """One call for one question, one for many."""
        options: dict[str, Any] = {
            "final_num_neighbors": k,
            "pre_reorder_num_neighbors": int(setting["reorder"]),
            "leaves_to_search": int(setting["leaves"]),
        }
        if len(questions) == 1:
            found = [self.index.search(questions[0], **options)[0]]
        else:
            found = list(self.index.search_batched(questions, **options)[0])
        rows = np.full((len(questions), k), -1, np.int64)
        for own, answer in zip(rows, found, strict=True):
            own[: len(answer)] = answer
        return rows

    def n_bytes(self) -> int:
        """Of its files, the vectors for re-ordering among them."""
        with tempfile.TemporaryDirectory() as folder:
            self.index.serialize(folder)
            return sum(path.stat().st_size for path in Path(folder).iterdir())


class Lance(Engine):
    """A table on disk with IVF-PQ and re-ranking by stored vectors; one question a call."""

    settings = grid(nprobes=(2, 10, 50), refine_factor=(5, 50))

    def build(self, vectors: Vectors) -> None:
        """LanceDB's own defaults for the number of lists and codes."""
        lancedb: Any = importlib.import_module("lancedb")
        import pyarrow as pa

        n, dim = vectors.shape
        self.folder = tempfile.TemporaryDirectory()
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), dim)
        table = pa.table({"id": np.arange(n), "vector": flat})
        self.table = lancedb.connect(self.folder.name).create_table("vectors", table)
        self.table.create_index(metric="cosine", vector_column_name="vector")

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """It has no call for many questions."""
        found = []
        for question in questions:
            asked = self.table.search(question).distance_type("cosine").limit(k).select(["id"])
            asked = asked.nprobes(int(setting["nprobes"]))
            asked = asked.refine_factor(int(setting["refine_factor"]))
            found.append(asked.to_arrow()["id"].to_numpy()[:k])
        return np.stack(found)

    def n_bytes(self) -> int:
        """Of everything in its directory; it is read from the disk."""
        files = Path(self.folder.name).rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())


ENGINES: dict[str, type[Engine]] = {
    "faiss": PlainFaiss,
    "autofaiss": Autofaiss,
    "hnswlib": Hnswlib,
    "usearch": Usearch,
    "scann": Scann,
    "lancedb": Lance,
}
