"""Candidates for filtered queries, from inverted lists that hold vectors which a filter selects.

There are two ways. The lists of the index are probed from the nearest on, and those without a
selected vector are skipped: where filter and query disagree, the lists that matter are far away.
Or a small temporary index is made over the selected vectors alone.
"""

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from galsearch.core.arrays import Float32Array, Int64Array, Rows, UInt8Array, Vectors
from galsearch.index.ivf.faiss_api import METRICS, faiss, flat_index
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.cost import probe_cost
from galsearch.index.vectors.stored_vectors import StoredVectors

_QUERIES_AT_A_TIME = 256
_PROBE_OVERSAMPLING = 2
"""Factor on the number of lists that would be enough if selected vectors were spread evenly."""
_MAX_TEMPORARY_COMPONENTS = 1 << 24
"""A temporary index holds at most so many components (64 MB)."""
_KMEANS_ITERATIONS = 8
"""Iterations of k-means over the centroids of the lists that a temporary index joins."""
_BLOCK_ROWS = 32_768


class HeldLists(NamedTuple):
    """The inverted lists that hold a selected vector."""

    numbers: Rows
    centroids: Any
    """A flat FAISS index over their centroids, in the order of `numbers`."""


class FilteredLists:
    """Inverted lists, and which of their vectors a filter selects; everything is made when needed.

    Parameters
    ----------
    lists
        The inverted lists of an index.
    stored
        The vectors in them.
    rows : (n,)
        Selected rows, ascending.
    bitmap : (ceil(n_rows / 8),)
        One bit for each stored row, set where it is selected.
    """

    def __init__(
        self, lists: InvertedLists, stored: StoredVectors, rows: Rows, bitmap: UInt8Array
    ) -> None:
        self._lists = lists
        self._stored = stored
        self._rows = rows
        self._bitmap = bitmap

    @cached_property
    def counts(self) -> Int64Array:
        """(n_lists,) number of selected vectors in each inverted list."""
        return np.bincount(self._lists.list_of_row[self._rows], minlength=self._lists.n_lists)

    @cached_property
    def density(self) -> float:
        """Share of the vectors that are selected, in the lists that hold a selected one."""
        return len(self._rows) / max(1, int(self._lists.sizes[self.counts > 0].sum()))

    @cached_property
    def is_clustered(self) -> bool:
        """True where the lists with selected vectors hold less than half of the vectors that the
        lists of as many rows sampled at random would hold. A query may then be far from them all.
        """
        sizes = self._lists.sizes
        touched = sizes[self.counts > 0].sum() / max(1, int(sizes.sum()))
        return bool(touched < 0.5 * -math.expm1(-len(self._rows) / self._lists.n_lists))

    @cached_property
    def held_lists(self) -> HeldLists:
        """The lists that a filtered query may have to probe."""
        numbers = np.flatnonzero(self.counts)
        plan = self._lists.plan
        index = flat_index(plan.n_components, plan.metric)
        index.add(self._lists.centroids(numbers))
        return HeldLists(numbers, index)

    def probe_cost(self, n_enough: int) -> float:
        """Cost of `candidates`, if selected vectors are spread evenly over their lists."""
        lists = self._lists
        n_compared = min(len(self._rows), n_enough) / max(self.density, 1e-9)
        return probe_cost(n_compared * lists.n_lists / max(1, lists.n_vectors), lists.plan)

    def candidates(self, queries: Vectors, *, n: int, n_enough: int) -> Rows:
        """(q, n) selected rows from the nearest lists that hold `n_enough` of them together."""
        found = np.full((len(queries), n), -1)
        for start in range(0, len(queries), _QUERIES_AT_A_TIME):
            part = slice(start, start + _QUERIES_AT_A_TIME)
            rotated = self._lists.rotate_queries(queries[part])
            numbers, distances = self._nearest_held(rotated, n_enough)
            found[part] = self._lists.search_lists(rotated, numbers, distances, n, self._bitmap)
        return found

    def _nearest_held(self, rotated: Vectors, n_enough: int) -> tuple[Int64Array, Float32Array]:
        """(q, width) the nearest lists that hold enough, -1 for none, and their distances."""
        counts, held = self.counts, self.held_lists
        n_enough, n_held = min(n_enough, int(counts.sum())), len(held.numbers)
        typical = math.ceil(_PROBE_OVERSAMPLING * n_enough / max(1, counts.sum()) * n_held)
        for width in (min(typical, n_held), n_held):
            if n_held == self._lists.n_lists:
                distances, numbers = self._lists.nearest_lists(rotated, width)
            else:
                distances, places = held.centroids.search(rotated, width)
                numbers = held.numbers[places]
            inside = np.where(numbers >= 0, counts[numbers], 0)
            before = np.cumsum(inside, axis=1) - inside
            if (before[:, -1] + inside[:, -1] >= n_enough).all():
                break
        numbers = np.where((before < n_enough) & (inside > 0), numbers, -1)
        used = max(1, int(np.flatnonzero((numbers >= 0).any(axis=0)).max(initial=0)) + 1)
        return np.ascontiguousarray(numbers[:, :used]), np.ascontiguousarray(distances[:, :used])

    @cached_property
    def n_temporary_lists(self) -> int | None:
        """Number of lists of the temporary index; None where too many vectors are selected."""
        n = len(self._rows)
        if n * self._lists.plan.n_components > _MAX_TEMPORARY_COMPONENTS:
            return None
        return min(1 << round(math.log2(math.sqrt(n))), len(self.held_lists.numbers))

    def temporary_candidates(self, queries: Vectors, *, n: int, n_probe: int) -> Rows:
        """(q, n) selected rows from the temporary index, nearest shortened vectors first."""
        parameters = faiss.SearchParametersIVF(nprobe=n_probe)
        rotated = self._lists.rotate_queries(queries)
        return np.asarray(self._temporary_index.search(rotated, n, params=parameters)[1])

    @cached_property
    def _temporary_index(self) -> Any:
        """A FAISS index of the selected, shortened vectors; each of its lists joins near lists."""
        lists, numbers = self._lists, self.held_lists.numbers
        near = lists.centroids(numbers)
        n_lists, n_components = self.n_temporary_lists or 1, lists.plan.n_components
        clusters = faiss.Kmeans(n_components, n_lists, niter=_KMEANS_ITERATIONS, seed=1)
        clusters.cp.min_points_per_centroid = 1
        clusters.train(near)
        joined = np.full(lists.n_lists, -1)
        joined[numbers] = clusters.index.search(near, 1)[1][:, 0]
        metric = lists.plan.metric
        quantizer = flat_index(n_components, metric)
        quantizer.add(clusters.centroids)
        index = faiss.IndexIVFFlat(quantizer, n_components, n_lists, METRICS[metric])
        quantizer.this.disown()
        index.own_fields = True
        for start in range(0, len(self._rows), _BLOCK_ROWS):
            rows = self._rows[start : start + _BLOCK_ROWS]
            short = np.ascontiguousarray(lists.rotate(self._stored.take(rows)))
            numbers = joined[lists.list_of_row[rows]]
            arrays = (short, rows, numbers)
            index.add_core(len(rows), *(faiss.swig_ptr(array) for array in arrays))
        return index
