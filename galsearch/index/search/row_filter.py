"""The stored vectors that may answer a filtered question."""

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.index.ivf.faiss_api import METRICS, faiss, flat_index
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.search.exact_search import Blocks
from galsearch.index.vectors.stored_vectors import StoredVectors

_KEPT_COMPONENTS = 1 << 24
"""A selection up to this size (64 MB) keeps its vectors between questions."""
_SHORT_COMPONENTS = 1 << 24
"""A selection up to this size keeps shortened vectors (64 MB)."""
_BLOCK_ROWS = 32_768
_GROUPING = 8
"""Iterations of k-means over the centroids of lists that are put together."""


class HeldLists(NamedTuple):
    """The inverted lists that hold a selected vector."""

    numbers: Rows
    centroids: Any
    """A flat FAISS index of theirs, in the order of `numbers`."""


class Selection:
    """Vectors of one modality by row; made once for a filter, asked any number of times.

    Galaxies that have no vector of the modality, or were removed, are left out.
    """

    def __init__(self, stored: StoredVectors, target_ids: TargetIds) -> None:
        rows = stored.rows_of(target_ids)
        self.rows: Rows = np.sort(rows[rows >= 0])
        self._stored = stored
        self._counts: dict[int, npt.NDArray[np.int64]] = {}
        self._short: dict[int, Any] = {}
        self._held: dict[int, HeldLists] = {}
        self._density: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def blocks(self) -> Blocks:
        """The rows and their vectors, some at a time."""
        if len(self) * self._stored.dim <= _KEPT_COMPONENTS:
            return self._kept
        parts = np.array_split(self.rows, -(-len(self) // _BLOCK_ROWS))
        return ((rows, self._stored.take(rows)) for rows in parts)

    @cached_property
    def _kept(self) -> tuple[tuple[Rows, Vectors], ...]:
        return ((self.rows, self._stored.take(self.rows)),)

    @cached_property
    def bitmap(self) -> npt.NDArray[np.uint8]:
        """One bit a row of the store, as FAISS reads them."""
        allowed = np.zeros(self._stored.n_rows, bool)
        allowed[self.rows] = True
        return np.packbits(allowed, bitorder="little")

    def counts_by_list(self, lists: InvertedLists) -> npt.NDArray[np.int64]:
        """(n_lists,) how many of them each inverted list holds."""
        if id(lists) not in self._counts:
            held = lists.list_of_row[self.rows]
            self._counts[id(lists)] = np.bincount(held, minlength=lists.n_lists)
        return self._counts[id(lists)]

    def density(self, lists: InvertedLists) -> float:
        """Share of the vectors that are selected, in the lists that hold one that is."""
        if id(lists) not in self._density:
            held = self.counts_by_list(lists) > 0
            self._density[id(lists)] = len(self) / max(1, int(lists.sizes[held].sum()))
        return self._density[id(lists)]

    def lie_together(self, lists: InvertedLists) -> bool:
        """Whether they fill less than half of what as many drawn at random would touch.

        Then a question may lie anywhere to them, also far away.
        """
        held = self.counts_by_list(lists) > 0
        touched = lists.sizes[held].sum() / max(1, int(lists.sizes.sum()))
        return bool(touched < 0.5 * -math.expm1(-len(self) / lists.n_lists))

    def held_lists(self, lists: InvertedLists) -> HeldLists:
        """The lists among which a filtered question need look."""
        if id(lists) not in self._held:
            numbers = np.flatnonzero(self.counts_by_list(lists))
            index = flat_index(lists.plan.n_components, lists.plan.metric)
            index.add(lists.centroids(numbers))
            self._held[id(lists)] = HeldLists(numbers, index)
        return self._held[id(lists)]

    def own_lists(self, lists: InvertedLists) -> int | None:
        """How many lists of their own the vectors are kept in; None where they are too many."""
        if len(self) * lists.plan.n_components > _SHORT_COMPONENTS:
            return None
        even = 1 << round(math.log2(math.sqrt(len(self))))
        return min(even, len(self.held_lists(lists).numbers))

    def candidates(self, lists: InvertedLists, questions: Vectors, *, n: int, n_probe: int) -> Rows:
        """(n_questions, n) rows, nearest shortened vectors first, from lists of their own.

        They are shortened, and their lists made, at the first question.
        """
        if id(lists) not in self._short:
            self._short[id(lists)] = self._shortened(lists)
        parameters = faiss.SearchParametersIVF(nprobe=n_probe)
        return np.asarray(
            self._short[id(lists)].search(lists.rotate_queries(questions), n, params=parameters)[1]
        )

    def _shortened(self, lists: InvertedLists) -> Any:
        """Lists of near lists of the index: a vector goes where its list goes."""
        numbers = self.held_lists(lists).numbers
        near = lists.centroids(numbers)
        n_own, n_components = self.own_lists(lists) or 1, lists.plan.n_components
        clusters = faiss.Kmeans(n_components, n_own, niter=_GROUPING, seed=1)
        clusters.cp.min_points_per_centroid = 1
        clusters.train(near)
        groups = np.full(lists.n_lists, -1)
        groups[numbers] = clusters.index.search(near, 1)[1][:, 0]
        metric = lists.plan.metric
        quantizer = flat_index(n_components, metric)
        quantizer.add(clusters.centroids)
        index = faiss.IndexIVFFlat(quantizer, n_components, n_own, METRICS[metric])
        quantizer.this.disown()
        index.own_fields = True
        for start in range(0, len(self), _BLOCK_ROWS):
            rows = self.rows[start : start + _BLOCK_ROWS]
            short = np.ascontiguousarray(lists.rotate(self._stored.take(rows)))
            held = groups[lists.list_of_row[rows]]
            index.add_core(len(rows), *(faiss.swig_ptr(array) for array in (short, rows, held)))
        return index
