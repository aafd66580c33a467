"""A build of galsearch as one of the engines of the comparison."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import Engine, Rows, Setting, Vectors, grid
from galsearch.core.modality import Modality
from galsearch.index import open_build

TUNED: Setting = {"n_probe": 0, "rerank": 0}
"""What the build chose for the direction when it was made."""


class Ours(Engine):
    """A build of galsearch, opened; it was made by `galsearch build-index`."""

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

    def asked_by(self, using: str) -> None:
        """The direction whose tuned settings are taken where none are given."""
        self.using = Modality(using)

    def build(self, vectors: Vectors) -> None:
        """It is built; read its lists, and see that it holds these vectors."""
        faiss: Any = importlib.import_module("faiss")
        self.index.modality(self.among)
        stored = self.index.stored(self.among)
        rows = np.arange(0, len(vectors), max(1, len(vectors) // 1000))
        alike = len(stored) == len(vectors)
        if not alike or (stored.cosines(rows[:, None], vectors[rows]) < 0.999).any():
            raise ValueError(f"{self.index.directory} was built of other vectors")
        self.first = int(stored.ids[0])
        if int(stored.ids[-1]) - self.first + 1 != len(stored):
            raise ValueError(f"{self.index.directory}: TARGETIDs do not follow each other")
        faiss.omp_set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """Rows are places among the ascending TARGETIDs."""
        hits = self.index.search(
            questions,
            using=self.using,
            among=self.among,
            k=k,
            n_probe=int(setting["n_probe"]) or None,
            rerank=int(setting["rerank"]) or None,
        )
        # TARGETIDs of drawn galaxies follow each other, so rows are told without a search.
        return np.stack([hit.target_ids for hit in hits]) - self.first

    def n_bytes(self) -> int:
        """Lists, stored vectors and ids."""
        folder = self.index.directory / self.among
        return sum(path.stat().st_size for path in folder.iterdir())
