"""A galsearch build as one of the engines of the comparison."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import Engine, Setting, grid
from galsearch.core.arrays import Rows, Vectors
from galsearch.core.modality import Modality
from galsearch.index import open_build

TUNED: Setting = {"n_probe": 0, "rerank": 0}
"""Placeholder for the search setting that the build tuned for a direction when it was made."""


class GalsearchEngine(Engine):
    """An existing build of galsearch, made by `galsearch build-index`."""

    settings = (
        TUNED,
        *grid(n_probe=(1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32), rerank=(1, 1.5, 2, 3, 4, 8)),
        *grid(n_probe=(64, 96), rerank=(16,)),
    )

    def __init__(self, build: Path, among: str) -> None:
        super().__init__("default")
        self.index = open_build(build)
        self.among = Modality(among)
        self.using = self.among

    def set_query_modality(self, using: str) -> None:
        """Set the modality of the queries that follow. It selects the direction of search, whose
        tuned setting is used for `TUNED`.
        """
        self.using = Modality(using)

    def build(self, vectors: Vectors) -> None:
        """Read the inverted lists of the finished build, and check that it holds these vectors.

        Raises
        ------
        ValueError
            Where the build holds other vectors, or TARGETIDs with gaps between them.
        """
        faiss: Any = importlib.import_module("faiss")
        self.index.modality(self.among)
        stored = self.index.stored(self.among)
        rows = np.arange(0, len(vectors), max(1, len(vectors) // 1000))
        same_number = len(stored) == len(vectors)
        if not same_number or (stored.cosines(rows[:, None], vectors[rows]) < 0.999).any():
            raise ValueError(f"{self.index.directory} was built from other vectors")
        self.first_id = int(stored.ids[0])
        if int(stored.ids[-1]) - self.first_id + 1 != len(stored):
            raise ValueError(f"{self.index.directory}: the TARGETIDs are not consecutive")
        faiss.omp_set_num_threads(1)

    def search(self, queries: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) row numbers of the nearest galaxies: their positions among the ascending
        TARGETIDs.
        """
        found = self.index.search(
            queries,
            using=self.using,
            among=self.among,
            k=k,
            n_probe=int(setting["n_probe"]) or None,
            rerank=int(setting["rerank"]) or None,
        )
        # TARGETIDs of synthetic galaxies are consecutive, so rows follow without a look-up.
        return found.target_ids - self.first_id

    def n_bytes(self) -> int:
        """Size in bytes of the build's inverted lists, stored vectors and ids."""
        directory = self.index.directory / self.among
        return sum(path.stat().st_size for path in directory.iterdir())
