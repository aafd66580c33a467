"""Inverted lists of FAISS as verbs: read, write, renumber, merge; and candidates for a question.

Squared distances between unit vectors order them as cosines do, and codes keep small distances
far better than inner products near 1 (an error of a code's length is one of the inner product).
Inner products are taken where nothing is near 1 (`cross`). Vectors and questions are turned and
shortened by the matrix in the same file. FAISS ids are the rows of the stored vectors. Foreign
objects do not leave this room.
"""

import math
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import UInt8Array
from galsearch.core.errors import ManifestError
from galsearch.files.digest import sha256_of_parts
from galsearch.index.ivf.coarse_quantiser import Coarse
from galsearch.index.ivf.faiss_api import METRICS, faiss
from galsearch.index.ivf.faiss_lists import clear_padding, inverted_list, sort_list, take_apart
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.vectors.stored_vectors import Rows, Vectors

_FAISS_NAMES = {
    "ivfsq": "IndexIVFScalarQuantizer",
    "ivfpq": "IndexIVFPQ",
    "fastscan": "IndexIVFPQFastScan",
}
_ORDERED_FROM = 64
"""Questions that are asked in an order of their own."""
_BY_QUESTION = 11
"""How FAISS scans 4-bit codes: a question's lists in sequence, with a reservoir. A single question
then takes a tenth less time than in the way that FAISS chooses, many in one call as long."""


class InvertedLists:
    """Trained and filled inverted lists, read-only: any number of threads may ask them."""

    def __init__(self, index: Any, plan: IndexPlan, turn: Vectors | None) -> None:
        self._index = index
        # Vectors go to the nearest centroid in any case, which the quantizer finds by itself.
        index.metric_type = METRICS[plan.metric]
        if plan.kind == "fastscan":
            index.implem = _BY_QUESTION
        self.plan = plan
        self._turn = None if turn is None else np.ascontiguousarray(turn.T)
        self._asked_turn = self._turn
        if self._turn is not None and plan.metric == "ip":
            # Axes are stretched for vectors, so they shrink for questions: products stay.
            self._asked_turn = self._turn / np.square(self._turn).sum(axis=0)
        self.n_lists = int(index.nlist)
        self._coarse = Coarse(index.quantizer, plan.metric)
        self._whole: Any = index
        self._parameters: dict[int, Any] = {}

    @property
    def n_vectors(self) -> int:
        """In all lists together."""
        return int(self._index.ntotal)

    @property
    def index(self) -> Any:
        """FAISS's own, for this room alone."""
        return self._index

    @classmethod
    def read(cls, path: Path, *, plan: IndexPlan, n_vectors: int) -> "InvertedLists":
        """The index in a file whose digest has been checked; FAISS trusts what it reads.

        Raises
        ------
        ManifestError
            Where the file holds no such index, or not of the size that `plan` says.
        """
        try:
            whole = faiss.read_index(str(path))
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise ManifestError(f"{path}: FAISS cannot read it ({reason}).") from None
        index, turn = take_apart(whole)
        found = (type(index).__name__, whole.d, index.ntotal, getattr(index, "nlist", 0), index.d)
        expected = (_FAISS_NAMES[plan.kind], plan.dim, n_vectors, plan.n_lists, plan.n_components)
        if found != expected:
            raise ManifestError(
                f"{path}: {found[0]} of {found[2]:,} vectors of {found[1]} components, "
                f"{found[4]} of them kept, in {found[3]} lists; manifest.json says {expected[0]}, "
                f"{expected[2]:,}, {expected[1]}, {expected[4]} and {expected[3]}."
            )
        lists = cls(index, plan, turn)
        # It owns the lists, so it lives as long as they do.
        lists._whole = whole
        return lists

    def write(self, path: Path) -> None:
        """The index in FAISS's own format at `path`, the matrix before it."""
        if self.plan.kind == "fastscan":
            clear_padding(self._index)
        if self._turn is None:
            faiss.write_index(self._index, str(path))
            return
        turn = faiss.LinearTransform(self.plan.dim, self.plan.n_components, False)
        faiss.copy_array_to_vector(np.ascontiguousarray(self._turn.T).reshape(-1), turn.A)
        turn.is_trained = True
        faiss.write_index(faiss.IndexPreTransform(turn, self._index), str(path))

    def quantiser_digest(self) -> str:
        """sha256 of what was trained: rotation, centroids, and how residuals are coded."""
        index = self._index
        parts = [self.centroids(np.arange(self.n_lists))]
        if self._turn is not None:
            parts.append(self._turn)
        if self.plan.kind == "ivfsq":
            parts.append(faiss.vector_to_array(index.sq.trained))
        else:
            parts.append(faiss.vector_to_array(index.pq.centroids))
        return sha256_of_parts(np.ascontiguousarray(part, "<f4").tobytes() for part in parts)

    def turned(self, vectors: Vectors) -> Vectors:
        """(n, n_components) what the index holds in place of `vectors`."""
        return _times(vectors, self._turn)

    def asked(self, questions: Vectors) -> Vectors:
        """(n, n_components) what the index is asked in place of `questions`."""
        return _times(questions, self._asked_turn)

    def add(self, vectors: Vectors, rows: Rows) -> None:
        """Hold vectors under these rows; only while the lists are being made."""
        # A copy: FAISS wants writable-looking memory, the maps are read-only.
        self._index.add_with_ids(np.array(self.turned(vectors)), rows)

    def emptied(self) -> "InvertedLists":
        """Lists of the same quantisers that hold nothing."""
        index = faiss.clone_index(self._index)
        index.reset()
        turn = None if self._turn is None else self._turn.T
        return InvertedLists(index, self.plan, turn)

    def grown(self, others: Sequence["InvertedLists"], *, dead: Rows) -> "InvertedLists":
        """These lists with those of later segments behind them and without the dead rows.

        The other lists are of the same quantisers. They are taken over, not copied, and may not
        be used again.
        """
        for other in others:
            self._index.merge_from(other._index, self._index.ntotal)
        if len(dead):
            self._index.remove_ids(faiss.IDSelectorBatch(dead))
        self.__dict__.pop("list_of_row", None)
        return self

    def renumber(self, new_rows: Rows) -> None:
        """Give each row its new number and bring each list into the order of its rows.

        So lists that were merged are those of a build made at once, byte for byte.
        """
        for number in range(self.n_lists):
            sort_list(self._index, number, new_rows)

    @cached_property
    def list_of_row(self) -> npt.NDArray[np.int32]:
        """(n,) the list that holds each row, -1 for one that none holds."""
        lists = [inverted_list(self._index, number) for number in range(self.n_lists)]
        n_rows = max((int(rows.max()) + 1 for rows in lists if len(rows)), default=0)
        numbers = np.full(n_rows, -1, np.int32)
        for number, rows in enumerate(lists):
            numbers[rows] = number
        return numbers

    def centroids(self, numbers: Rows) -> Vectors:
        """(n, n_components) of these lists."""
        return self._coarse.centroids(numbers)

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(n_lists,) vectors in each."""
        sizes = [self._index.invlists.list_size(number) for number in range(self.n_lists)]
        return np.array(sizes, np.int64)

    def candidates(self, questions: Vectors, *, n: int, n_probe: int) -> Rows:
        """(n_questions, n) rows, nearest by their codes first, -1 where the lists end.

        Parameters travel with the call, so the shared index is never changed.
        """
        if len(questions) < _ORDERED_FROM:
            return self._candidates(self.asked(questions), n, min(n_probe, self.n_lists))
        asking = self.asked(questions)
        order = neighbours_together(asking)
        rows = np.empty((len(questions), n), np.int64)
        rows[order] = self._candidates(asking[order], n, min(n_probe, self.n_lists))
        return rows

    def _candidates(self, asking: Vectors, n: int, n_probe: int) -> Rows:
        if not self._coarse.walks_to(n_probe):
            measures, numbers = self.nearest_lists(asking, n_probe)
            return self.search_lists(asking, numbers, measures, n, None)
        parameters = self._parameters.get(n_probe) or self._parameters_of(n_probe)
        scores = np.empty((len(asking), n), np.float32)
        rows = np.empty((len(asking), n), np.int64)
        # FAISS's own method: its wrapper's checks take a tenth of a question's time.
        pointers = map(faiss.swig_ptr, (scores, rows))
        self._index.search_c(len(asking), faiss.swig_ptr(asking), n, *pointers, parameters)
        return rows

    def _parameters_of(self, n_probe: int) -> Any:
        walked = self._coarse.parameters(n_probe)
        parameters = self._kind(nprobe=n_probe, quantizer_params=walked)
        self._parameters[n_probe] = parameters
        return parameters

    @property
    def _kind(self) -> Any:
        by_table = isinstance(self._index, faiss.IndexIVFPQ)
        return faiss.IVFPQSearchParameters if by_table else faiss.SearchParametersIVF

    def nearest_lists(
        self, questions: Vectors, width: int
    ) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """(q, width) squared distances or inner products, and numbers of lists, nearest first."""
        return self._coarse.nearest(questions, width)

    def search_lists(
        self,
        questions: Vectors,
        numbers: npt.NDArray[np.int64],
        measures: Vectors,
        n: int,
        allowed: UInt8Array | None,
    ) -> Rows:
        """Rows of the nearest codes in the given lists of each rotated query.

        Parameters
        ----------
        questions : (q, n_components)
        numbers : (q, width)
            Numbers of lists, -1 for none.
        measures : (q, width)
            Distances or inner products of the queries and the centroids of these lists.
        n
            Rows for each query.
        allowed : (ceil(n_rows / 8),) or None
            Bitmap of the rows that may be returned, the lowest bit of a byte first; None for all.

        Returns
        -------
        (q, n)
            Nearest first, -1 where the lists end.
        """
        selector = None if allowed is None else faiss.IDSelectorBitmap(allowed)
        parameters = self._kind(nprobe=numbers.shape[1], sel=selector)
        scores = np.empty((len(questions), n), np.float32)
        rows = np.empty((len(questions), n), np.int64)
        # The wrapper of this method in faiss 1.15 takes no parameters, the method itself does.
        self._index.search_preassigned_c(
            len(questions),
            faiss.swig_ptr(questions),
            n,
            faiss.swig_ptr(numbers),
            faiss.swig_ptr(measures),
            faiss.swig_ptr(scores),
            faiss.swig_ptr(rows),
            False,
            parameters,
        )
        return rows


def neighbours_together(questions: Vectors) -> Rows:
    """(n,) an order in which near questions follow each other, so that lists read are at hand."""
    n = len(questions)
    strips = np.empty(n, np.int64)
    strips[np.argsort(questions[:, 0])] = np.arange(n) // math.isqrt(8 * n)
    return np.lexsort((questions[:, min(1, questions.shape[1] - 1)], strips))


def _times(vectors: Vectors, turn: Vectors | None) -> Vectors:
    if turn is None:
        return np.ascontiguousarray(vectors, np.float32)
    return np.asarray(np.matmul(vectors, turn), np.float32)
