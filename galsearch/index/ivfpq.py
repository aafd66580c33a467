"""FAISS's IVF-PQ as four verbs: train, add, write, read; and candidates for a question.

Inner product over unit vectors, so a FAISS score estimates the cosine. FAISS ids are TARGETIDs.
Foreign objects do not leave this room.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.errors import ManifestError
from galsearch.index.gpu import GpuPlan, empty_gpu_index
from galsearch.index.library import faiss
from galsearch.index.recipe import IndexPlan
from galsearch.index.stored import Ids, StoredVectors, Vectors

_ADDED_AT_A_TIME = 65_536


def build_inverted_lists(
    plan: IndexPlan,
    stored: StoredVectors,
    *,
    seed: int,
    gpu: GpuPlan | None,
    progress: Callable[[int, int], None],
) -> Any:
    """A CPU `IndexIVFPQ` that holds every stored vector under its TARGETID.

    The training sample and both k-means are seeded, so the same vectors give the same index.
    """
    if gpu is None:
        index, resources = _empty(plan), None
    else:
        index, resources = empty_gpu_index(plan, gpu)
    _seed(index, seed)
    index.train(_training_sample(stored, plan.n_training, seed))
    n = len(stored)
    for start in range(0, n, _ADDED_AT_A_TIME):
        part = slice(start, min(start + _ADDED_AT_A_TIME, n))
        # Copies: FAISS wants contiguous, writable-looking memory, the maps are read-only.
        index.add_with_ids(np.array(stored.vectors[part]), np.array(stored.ids[part]))
        progress(part.stop, n)
    if resources is not None:
        index = faiss.index_gpu_to_cpu(index)
    return index


def _empty(plan: IndexPlan) -> Any:
    factory = f"IVF{plan.n_lists},PQ{plan.n_subvectors}x{plan.n_bits}np"
    return faiss.index_factory(plan.dim, factory, faiss.METRIC_INNER_PRODUCT)


def _seed(index: Any, seed: int) -> None:
    for clustering in (index.cp, index.pq.cp):
        clustering.seed = seed
        # Small sets are legitimate: recall is measured afterwards, so FAISS need not warn.
        clustering.min_points_per_centroid = 1


def _training_sample(stored: StoredVectors, n_training: int, seed: int) -> Vectors:
    if n_training >= len(stored):
        return np.array(stored.vectors)
    rows = np.random.default_rng(seed).choice(len(stored), n_training, replace=False)
    return np.asarray(stored.vectors[np.sort(rows)])


def write_inverted_lists(index: Any, path: Path) -> None:
    """The index in FAISS's own format at `path`."""
    faiss.write_index(index, str(path))


class InvertedLists:
    """A trained and filled IVF-PQ, read-only: any number of threads may ask it."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.n_lists = int(index.nlist)

    @classmethod
    def read(cls, path: Path, *, plan: IndexPlan) -> "InvertedLists":
        """The index in a file whose digest has been checked; FAISS trusts what it reads.

        Raises
        ------
        ManifestError
            Where the file is no IVF-PQ, or not of the size that `plan` says.
        """
        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise ManifestError(f"{path}: FAISS cannot read it ({reason}).") from None
        found = (type(index).__name__, index.d, index.ntotal, getattr(index, "nlist", 0))
        expected = ("IndexIVFPQ", plan.dim, plan.n_vectors, plan.n_lists)
        if found != expected:
            raise ManifestError(
                f"{path}: {found[0]} of {found[2]:,} vectors of {found[1]} components in "
                f"{found[3]} lists; manifest.json says {expected[0]}, {expected[2]:,}, "
                f"{expected[1]} and {expected[3]}."
            )
        return cls(index)

    def candidates(self, questions: Vectors, *, n: int, n_probe: int) -> Ids:
        """(n_questions, n) TARGETIDs by falling estimated cosine, -1 where the lists end.

        Parameters travel with the call, so the shared index is never changed.
        """
        parameters = faiss.IVFPQSearchParameters(nprobe=min(n_probe, self.n_lists))
        _, ids = self._index.search(
            np.ascontiguousarray(questions, dtype=np.float32), n, params=parameters
        )
        return np.asarray(ids, dtype=np.int64)
