"""Graph indexes (HNSW) as baselines: hnswlib and usearch.

Both libraries are set as their documentation advises for a million vectors. The packages are
imported when an engine is built, so that each may be installed in its own environment.
"""

import importlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import Engine, Setting, available_cores, grid
from galsearch.core.arrays import Rows, Vectors

_CANDIDATES = (10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 512)


class HnswlibEngine(Engine):
    """Engine of hnswlib, an HNSW graph with M = 16 and ef_construction = 128."""

    settings = grid(ef=_CANDIDATES)

    def build(self, vectors: Vectors) -> None:
        """Build one graph in memory."""
        hnswlib: Any = importlib.import_module("hnswlib")
        n, dim = vectors.shape
        self.index = hnswlib.Index(space="ip", dim=dim)
        self.index.init_index(max_elements=n, M=16, ef_construction=128, random_seed=1)
        self.index.add_items(vectors, np.arange(n), num_threads=available_cores())
        self.index.set_num_threads(1)

    def search(self, queries: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) row numbers of the nearest vectors; the setting `ef` is the number of candidates
        held while the graph is walked.
        """
        self.index.set_ef(max(k, int(setting["ef"])))
        return np.asarray(self.index.knn_query(queries, k, num_threads=1)[0], np.int64)

    def n_bytes(self) -> int:
        """Size in bytes of the index file that hnswlib writes."""
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "index"
            self.index.save_index(str(path))
            return path.stat().st_size


class UsearchEngine(Engine):
    """Engine of usearch, an HNSW graph with connectivity 16, in single precision.

    The half precision of usearch cannot distinguish neighbours whose distances differ by 1e-4.
    """

    variants = ("f32",)
    settings = grid(expansion=_CANDIDATES)

    def build(self, vectors: Vectors) -> None:
        """Build one graph in memory."""
        usearch: Any = importlib.import_module("usearch.index")
        n, dim = vectors.shape
        self.index = usearch.Index(
            ndim=dim, metric="ip", dtype=self.variant, connectivity=16, expansion_add=128
        )
        self.index.add(np.arange(n), vectors, threads=available_cores())

    def search(self, queries: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) row numbers of the nearest vectors; the setting `expansion` is the number of
        candidates held while the graph is walked.
        """
        self.index.expansion_search = max(k, int(setting["expansion"]))
        matches = self.index.search(queries, k, threads=1)
        return np.asarray(matches.keys, np.int64).reshape(len(queries), k)

    def n_bytes(self) -> int:
        """Size in bytes of the serialised usearch index."""
        return int(self.index.serialized_length)
