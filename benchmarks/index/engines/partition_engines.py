"""Engines other than FAISS that partition the vectors, as baselines: ScaNN and LanceDB.

Both engines are set as their documentation advises for a million vectors. The packages are imported
when an engine is built, so that each may be installed in its own environment.
"""

import importlib
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import Engine, Setting, grid
from galsearch.core.arrays import Rows, Vectors


class ScannEngine(Engine):
    """Engine of ScaNN: a tree of partitions, anisotropic 4-bit codes and exact re-ordering.

    ScaNN runs without SOAR (`soar_lambda`, `overretrieve_factor`) and without AVQ (`avq`), which
    ScaNN 1.4 offers and which help cross-modal queries most; the figures are therefore a lower
    bound of what ScaNN can do.
    """

    settings = grid(leaves=(1, 2, 3, 5, 8, 12, 20, 30, 60, 100, 200), reorder=(30, 60, 100, 200))

    def build(self, vectors: Vectors) -> None:
        """Build ScaNN's tree with 2 sqrt(n) leaves, as its documentation advises for a million
        vectors.
        """
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

    def search(self, queries: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) row numbers of the nearest vectors, -1 where fewer than `k` were found.

        A single query uses ScaNN's call for one query; several queries use the call for a batch.
        """
        options: dict[str, Any] = {
            "final_num_neighbors": k,
            "pre_reorder_num_neighbors": int(setting["reorder"]),
            "leaves_to_search": int(setting["leaves"]),
        }
        if len(queries) == 1:
            found = [self.index.search(queries[0], **options)[0]]
        else:
            found = list(self.index.search_batched(queries, **options)[0])
        rows = np.full((len(queries), k), -1, np.int64)
        for row, neighbours in zip(rows, found, strict=True):
            row[: len(neighbours)] = neighbours
        return rows

    def n_bytes(self) -> int:
        """Size in bytes of the files that ScaNN writes, including the vectors for re-ordering."""
        with tempfile.TemporaryDirectory() as directory:
            self.index.serialize(directory)
            return sum(path.stat().st_size for path in Path(directory).iterdir())


class LanceDbEngine(Engine):
    """Engine of LanceDB: a table on disk with an IVF-PQ index, re-ranked by the stored vectors."""

    settings = grid(nprobes=(2, 10, 50), refine_factor=(5, 50))

    def build(self, vectors: Vectors) -> None:
        """Build LanceDB's IVF-PQ index with the default numbers of lists and codes."""
        lancedb: Any = importlib.import_module("lancedb")
        import pyarrow as pa

        n, dim = vectors.shape
        self.directory = tempfile.TemporaryDirectory()
        flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), dim)
        table = pa.table({"id": np.arange(n), "vector": flat})
        self.table = lancedb.connect(self.directory.name).create_table("vectors", table)
        self.table.create_index(metric="cosine", vector_column_name="vector")

    def search(self, queries: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) row numbers of the nearest vectors, from one call for each query, because LanceDB
        has no call for a batch.
        """
        found = []
        for query in queries:
            search = self.table.search(query).distance_type("cosine").limit(k).select(["id"])
            search = search.nprobes(int(setting["nprobes"]))
            search = search.refine_factor(int(setting["refine_factor"]))
            found.append(search.to_arrow()["id"].to_numpy()[:k])
        return np.stack(found)

    def n_bytes(self) -> int:
        """Size in bytes of everything in the directory of LanceDB's table, read from disk."""
        files = Path(self.directory.name).rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())
