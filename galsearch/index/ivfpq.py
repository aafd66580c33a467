"""FAISS's IVF-PQ as four verbs: train, add, write, read; and candidates for a question.

Inner product over unit vectors, so a FAISS score estimates the cosine. FAISS ids are the rows of
the stored vectors, whose TARGETIDs lie beside them. Foreign objects do not leave this room.
"""

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError
from galsearch.index.cost import codes_cost
from galsearch.index.gpu import GpuPlan, empty_gpu_index
from galsearch.index.library import faiss
from galsearch.index.recipe import IndexPlan
from galsearch.index.selection import Selection
from galsearch.index.stored import Rows, StoredVectors, Vectors

_FAISS_NAMES = {"ivfpq": "IndexIVFPQ", "fastscan": "IndexIVFPQFastScan"}
_ASKED_AT_A_TIME = 256
_PROBE_SLACK = 4
"""Lists looked at first for a filter: so many times as would do if its galaxies lay evenly."""


def build_inverted_lists(
    plan: IndexPlan,
    stored: StoredVectors,
    *,
    seed: int,
    gpu: GpuPlan | None,
    progress: Callable[[int, int], None],
) -> "InvertedLists":
    """A CPU `IndexIVFPQ` that holds every stored vector under its row.

    The training sample and both k-means are seeded, so the same vectors give the same index.
    """
    if gpu is None:
        index, resources = _empty(plan), None
    else:
        index, resources = empty_gpu_index(plan, gpu)
    _seed(index, seed)
    index.train(_training_sample(stored, plan.n_training, seed))
    _fill(index, stored, progress)
    if resources is not None:
        index = faiss.index_gpu_to_cpu(index)
    return InvertedLists(index)


def _fill(index: Any, stored: StoredVectors, progress: Callable[[int, int], None]) -> None:
    done = 0
    for rows, vectors in stored.blocks():
        # A copy: FAISS wants writable-looking memory, the maps are read-only.
        index.add_with_ids(np.array(vectors), rows)
        done += len(rows)
        progress(done, len(stored))


def _empty(plan: IndexPlan) -> Any:
    codes = f"{plan.n_bits}np" if plan.kind == "ivfpq" else "4fsr"
    factory = f"IVF{plan.n_lists},PQ{plan.n_subvectors}x{codes}"
    return faiss.index_factory(plan.dim, factory, faiss.METRIC_INNER_PRODUCT)


def _seed(index: Any, seed: int) -> None:
    for clustering in (index.cp, index.pq.cp):
        clustering.seed = seed
        # Small sets are legitimate: recall is measured afterwards, so FAISS need not warn.
        clustering.min_points_per_centroid = 1


def _training_sample(stored: StoredVectors, n_training: int, seed: int) -> Vectors:
    rows = np.random.default_rng(seed).choice(len(stored), n_training, replace=False)
    return stored.take(np.sort(rows))


class InvertedLists:
    """A trained and filled IVF-PQ, read-only: any number of threads may ask it."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self.n_lists = int(index.nlist)

    @classmethod
    def read(cls, path: Path, *, plan: IndexPlan, n_vectors: int) -> "InvertedLists":
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
        expected = (_FAISS_NAMES[plan.kind], plan.dim, n_vectors, plan.n_lists)
        if found != expected:
            raise ManifestError(
                f"{path}: {found[0]} of {found[2]:,} vectors of {found[1]} components in "
                f"{found[3]} lists; manifest.json says {expected[0]}, {expected[2]:,}, "
                f"{expected[1]} and {expected[3]}."
            )
        return cls(index)

    def grown(self, others: Sequence["InvertedLists"], *, dead: Rows) -> "InvertedLists":
        """These lists with those of later segments behind them and without the dead rows.

        The other lists are of the same quantisers. They are taken over, not copied: neither they
        nor these may be used again.
        """
        for other in others:
            self._index.merge_from(other._index, self._index.ntotal)
        if len(dead):
            self._index.remove_ids(faiss.IDSelectorBatch(dead))
        return InvertedLists(self._index)

    def filled_with(self, stored: StoredVectors) -> "InvertedLists":
        """Lists of the same quantisers that hold these vectors instead."""
        index = faiss.clone_index(self._index)
        index.reset()
        _fill(index, stored, lambda *_: None)
        return InvertedLists(index)

    def renumber(self, new_rows: Rows) -> None:
        """Give each row its new number; the codes stay where they are."""
        lists = self._index.invlists
        for number in range(self.n_lists):
            if size := lists.list_size(number):
                rows = faiss.rev_swig_ptr(lists.get_ids(number), size)
                rows[:] = new_rows[rows]

    def write(self, path: Path) -> None:
        """The index in FAISS's own format at `path`."""
        faiss.write_index(self._index, str(path))

    @cached_property
    def list_of_row(self) -> npt.NDArray[np.int32]:
        """(n,) the list that holds each row, -1 for one that none holds."""
        lists = [inverted_list(self._index, number) for number in range(self.n_lists)]
        n_rows = max((int(rows.max()) + 1 for rows in lists if len(rows)), default=0)
        numbers = np.full(n_rows, -1, np.int32)
        for number, rows in enumerate(lists):
            numbers[rows] = number
        return numbers

    def cost_among(self, n_selected: int, n_enough: int) -> float:
        """What looking at `n_enough` of so many selected vectors costs, if they lie evenly."""
        n, codes = int(self._index.ntotal), self._index.pq
        read = min(1.0, n_enough / max(1, n_selected)) * n
        return codes_cost(read, int(codes.M), int(codes.nbits))

    def candidates(self, questions: Vectors, *, n: int, n_probe: int) -> Rows:
        """(n_questions, n) rows by falling estimated cosine, -1 where the lists end.

        Parameters travel with the call, so the shared index is never changed.
        """
        parameters = self._parameters(nprobe=min(n_probe, self.n_lists))
        _, rows = self._index.search(
            np.ascontiguousarray(questions, dtype=np.float32), n, params=parameters
        )
        return np.asarray(rows, dtype=np.int64)

    def _parameters(self, **values: Any) -> Any:
        if isinstance(self._index, faiss.IndexIVFPQ):
            return faiss.IVFPQSearchParameters(**values)
        return faiss.SearchParametersIVF(**values)

    def candidates_among(
        self, questions: Vectors, *, n: int, selection: Selection, n_enough: int
    ) -> Rows:
        """(n_questions, n) selected rows, from lists that hold `n_enough` of them together.

        Lists are taken from the nearest on, and those without a selected row are skipped: where
        filter and question disagree, the lists that matter lie far away.
        """
        counts = np.bincount(self.list_of_row[selection.rows], minlength=self.n_lists)
        found = np.full((len(questions), n), -1)
        for start in range(0, len(questions), _ASKED_AT_A_TIME):
            part = slice(start, start + _ASKED_AT_A_TIME)
            asking = np.ascontiguousarray(questions[part], dtype=np.float32)
            found[part] = self._search_lists(
                asking, *self._lists_with(asking, counts, n_enough), n, selection
            )
        return found

    def _lists_with(
        self, questions: Vectors, counts: npt.NDArray[np.int64], n_enough: int
    ) -> tuple[npt.NDArray[np.int64], Vectors]:
        """(q, width) numbers of the nearest lists that hold enough, -1 for none; their cosines."""
        typical = math.ceil(_PROBE_SLACK * n_enough / max(1, counts.sum()) * self.n_lists)
        for width in (min(typical, self.n_lists), self.n_lists):
            cosines, numbers = self._index.quantizer.search(questions, width)
            held = counts[numbers]
            before = np.cumsum(held, axis=1) - held
            if (before[:, -1] + held[:, -1] >= n_enough).all():
                break
        numbers = np.where((before < n_enough) & (held > 0), numbers, -1)
        used = max(1, int(np.flatnonzero((numbers >= 0).any(axis=0)).max(initial=0)) + 1)
        return np.ascontiguousarray(numbers[:, :used]), np.ascontiguousarray(cosines[:, :used])

    def _search_lists(
        self,
        questions: Vectors,
        numbers: npt.NDArray[np.int64],
        cosines: Vectors,
        n: int,
        selection: Selection,
    ) -> Rows:
        selector = faiss.IDSelectorBitmap(selection.bitmap)
        parameters = self._parameters(nprobe=numbers.shape[1], sel=selector)
        scores = np.empty((len(questions), n), np.float32)
        rows = np.empty((len(questions), n), np.int64)
        # The wrapper of this method in faiss 1.15 takes no parameters, the method itself does.
        self._index.search_preassigned_c(
            len(questions),
            faiss.swig_ptr(questions),
            n,
            faiss.swig_ptr(numbers),
            faiss.swig_ptr(cosines),
            faiss.swig_ptr(scores),
            faiss.swig_ptr(rows),
            False,
            parameters,
        )
        return rows


def inverted_list(index: Any, number: int) -> Rows:
    """(n,) the rows in one list."""
    lists = index.invlists
    size = lists.list_size(number)
    if not size:
        return np.empty(0, np.int64)
    ids = lists.get_ids(number)
    rows = np.array(faiss.rev_swig_ptr(ids, size), np.int64)
    lists.release_ids(number, ids)
    return rows
