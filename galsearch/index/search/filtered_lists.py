"""Candidates for filtered queries, from inverted lists that hold vectors which a filter selects.

There are two methods. Either the lists of the index are probed in order of distance, skipping those
without a selected vector: where the filter selects galaxies unlike the query, the lists that hold
them are far from it. Or a small temporary index is built over the selected vectors alone.
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
"""Maximum number of vector components in a temporary index (64 MB)."""
_KMEANS_ITERATIONS = 8
"""Iterations of k-means over the centroids of the lists that a temporary index merges."""
_BLOCK_ROWS = 32_768


class NonemptyLists(NamedTuple):
    """The inverted lists that hold a selected vector."""

    numbers: Rows
    centroids: Any
    """A flat FAISS index over their centroids, in the order of `numbers`."""


class FilteredLists:
    """The selected vectors in inverted lists. Every attribute is computed when it is first used.

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
        """Fraction of vectors that are selected, in the lists with at least one selected vector."""
        return len(self._rows) / max(1, int(self._lists.sizes[self.counts > 0].sum()))

    @cached_property
    def is_clustered(self) -> bool:
        """True where the selected vectors lie close together, so that a query may be far from all.

        The lists with selected vectors then hold less than half of the vectors that the lists of
        as many rows, sampled at random, would hold.
        """
        sizes = self._lists.sizes
        touched = sizes[self.counts > 0].sum() / max(1, int(sizes.sum()))
        return bool(touched < 0.5 * -math.expm1(-len(self._rows) / self._lists.n_lists))

    @cached_property
    def nonempty_lists(self) -> NonemptyLists:
        """The lists that a filtered query may have to probe."""
        numbers = np.flatnonzero(self.counts)
        plan = self._lists.plan
        index = flat_index(plan.n_components, plan.metric)
        index.add(self._lists.centroids(numbers))
        return NonemptyLists(numbers, index)

    def probe_cost(self, n_enough: int) -> float:
        """Estimated cost of `candidates` if the selected vectors are spread evenly over lists."""
        lists = self._lists
        n_compared = min(len(self._rows), n_enough) / max(self.density, 1e-9)
        return probe_cost(n_compared * lists.n_lists / max(1, lists.n_vectors), lists.plan)

    def candidates(self, queries: Vectors, *, n: int, n_enough: int) -> Rows:
        """(q, n) selected rows from the nearest lists that hold `n_enough` of them together."""
        found = np.full((len(queries), n), -1)
        for start in range(0, len(queries), _QUERIES_AT_A_TIME):
            part = slice(start, start + _QUERIES_AT_A_TIME)
            rotated = self._lists.rotate_queries(queries[part])
            numbers, distances = self._nearest_nonempty(rotated, n_enough)
            found[part] = self._lists.search_lists(rotated, numbers, distances, n, self._bitmap)
        return found

    def _nearest_nonempty(self, rotated: Vectors, n_enough: int) -> tuple[Int64Array, Float32Array]:
        """Numbers and distances, (q, width), of the nearest lists that together hold `n_enough`.

        The number -1 is padding.
        """
        counts, nonempty = self.counts, self.nonempty_lists
        n_enough, n_nonempty = min(n_enough, int(counts.sum())), len(nonempty.numbers)
        typical = math.ceil(_PROBE_OVERSAMPLING * n_enough / max(1, counts.sum()) * n_nonempty)
        for width in (min(typical, n_nonempty), n_nonempty):
            if n_nonempty == self._lists.n_lists:
                distances, numbers = self._lists.nearest_lists(rotated, width)
            else:
                distances, positions = nonempty.centroids.search(rotated, width)
                numbers = nonempty.numbers[positions]
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
        return min(1 << round(math.log2(math.sqrt(n))), len(self.nonempty_lists.numbers))

    def temporary_candidates(self, queries: Vectors, *, n: int, n_probe: int) -> Rows:
        """(q, n) selected rows from the temporary index, by distance of the PCA projections."""
        parameters = faiss.SearchParametersIVF(nprobe=n_probe)
        rotated = self._lists.rotate_queries(queries)
        return np.asarray(self._temporary_index.search(rotated, n, params=parameters)[1])

    @cached_property
    def _temporary_index(self) -> Any:
        """A FAISS index of the PCA projections of the selected vectors.

        Each of its lists merges neighbouring lists of the index.
        """
        lists, numbers = self._lists, self.nonempty_lists.numbers
        centroids = lists.centroids(numbers)
        n_lists, n_components = self.n_temporary_lists or 1, lists.plan.n_components
        clusters = faiss.Kmeans(n_components, n_lists, niter=_KMEANS_ITERATIONS, seed=1)
        clusters.cp.min_points_per_centroid = 1
        clusters.train(centroids)
        merged_list = np.full(lists.n_lists, -1)
        merged_list[numbers] = clusters.index.search(centroids, 1)[1][:, 0]
        metric = lists.plan.metric
        quantizer = flat_index(n_components, metric)
        quantizer.add(clusters.centroids)
        index = faiss.IndexIVFFlat(quantizer, n_components, n_lists, METRICS[metric])
        quantizer.this.disown()
        index.own_fields = True
        for start in range(0, len(self._rows), _BLOCK_ROWS):
            rows = self._rows[start : start + _BLOCK_ROWS]
            projected = np.ascontiguousarray(lists.rotate(self._stored.take(rows)))
            numbers = merged_list[lists.list_of_row[rows]]
            arrays = (projected, rows, numbers)
            index.add_core(len(rows), *(faiss.swig_ptr(array) for array in arrays))
        return index
