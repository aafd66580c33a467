"""The index over one modality: inverted lists propose candidates, stored vectors rank them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from galsearch.core.arrays import Rows, Vectors
from galsearch.core.ids import find_rows
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.plan.cost import exact_cost, temporary_index_cost
from galsearch.index.search.exact_search import exact_search
from galsearch.index.search.outside_rows import OutsideRows
from galsearch.index.search.rerank import no_candidates, rerank
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.search.search_result import SearchResult
from galsearch.index.search.search_settings import SearchSettings, depth_of, least_probe
from galsearch.index.vectors.stored_vectors import StoredVectors

FILTER_OVERSAMPLING = 2
"""Oversampling factor for filtered queries (applied to n_probe and to re-ranked candidates): their
neighbours are farther away, where centroids and codes order vectors less reliably."""
_DENSE_FILTER = 0.25
"""Density of a filter, from which this factor is enough for n_probe."""
_SPARSE_FILTER_POWER = 0.7
"""Power of the density with which n_probe rises for sparser filters (measured with 100,000 vectors
at densities of 0.015 to 0.25: the factors that keep the recall of queries without a filter)."""
CLUSTER_OVERSAMPLING = 3
"""Factor on n_probe where the selected galaxies are clustered: codes order vectors even less
reliably for queries far from the cluster (measured with a million vectors, for filters that select
galaxies like the query and filters that select others)."""
_SELECTED_PER_CANDIDATE = 4
"""Minimum number of selected vectors whose codes are compared for each candidate."""
_MIN_TEMPORARY_PROBE = 32
"""Minimum number of lists of a temporary index to probe."""
EXACT_UP_TO = 1000
"""Filters that select at most this many vectors are searched exactly."""
EXACT_FROM_SHARE = 0.25
"""Fraction of all vectors to re-rank above which exact search is cheaper."""


class CandidateSource(Protocol):
    """Inverted lists in main memory, or a copy of them on GPUs."""

    def candidates(self, queries: Vectors, *, n: int, n_probe: int) -> Rows:
        """(q, n) rows by distance of their codes, nearest first; -1 where there are fewer."""
        ...


@dataclass(frozen=True, eq=False)
class ModalityIndex:
    """Stored vectors of one modality and the inverted lists over them (None in a flat index)."""

    stored: StoredVectors
    lists: InvertedLists | None
    on_gpu: CandidateSource | None = None
    """A copy of the lists that replaces them for queries without a filter."""
    query_aware_lists: InvertedLists | None = None
    """Lists for queries of the other modality; None where `lists` serve those too."""
    query_aware_on_gpu: CandidateSource | None = None
    outside: OutsideRows | None = None
    """Vectors that lists cannot distinguish, for rare queries; None where there are no such axes.
    """

    def lists_for(self, *, cross_modal: bool) -> InvertedLists | None:
        """The lists for queries of the other modality (`cross_modal`), or of the same one."""
        if cross_modal and self.query_aware_lists is not None:
            return self.query_aware_lists
        return self.lists

    def search(
        self,
        queries: Vectors,
        *,
        k: int,
        settings: SearchSettings,
        exclude_rows: Rows | None = None,
        exact: bool = False,
        row_filter: RowFilter | None = None,
        cross_modal: bool = False,
    ) -> SearchResult:
        """The `k` neighbours of each query; fewer only where fewer vectors may be found.

        Search is exact where that is requested, where there are no lists, where re-ranking would
        read a large part of all vectors, where a filter selects few, and for single queries whose
        probed lists held too few vectors. Otherwise inverted lists propose candidates. For a
        filter that selects more than a few vectors, these are the lists of a temporary index over
        the selected vectors, or, where that costs more, the lists of the index that hold them.

        Rare queries, which lie outside of the common axes, have settings of their own, and are
        compared with all vectors outside besides.

        Parameters
        ----------
        queries : (q, d) unit rows
        exclude_rows : (q,)
            Row of each query galaxy itself, which is left out; -1 for none.
        row_filter
            The vectors that may be found; None for all.
        cross_modal
            True where the queries are of the other modality.
        """
        if row_filter is not None and len(row_filter) == len(self.stored):
            row_filter = None
        n = len(self.stored if row_filter is None else row_filter)
        k = min(k, n)
        depth = _depth(k, settings, row_filter)
        lists = self.lists_for(cross_modal=cross_modal)
        few = row_filter is not None and n <= EXACT_UP_TO
        if exact or lists is None or few or depth >= EXACT_FROM_SHARE * n:
            return self._exact(queries, k, exclude_rows, row_filter)
        search = partial(self._in_lists, lists, k=k, row_filter=row_filter)
        if self.outside is None or settings.rare is None:
            return search(queries, settings, exclude_rows)
        measures = self.outside.axes.measure(queries)
        if measures.max(initial=0) <= settings.rare.above:
            return search(queries, settings, exclude_rows)
        is_rare = measures > settings.rare.above
        rows, cosines = no_candidates(len(queries), k)
        are_exact = np.zeros(len(queries), bool)
        rare = SearchSettings(settings.rare.n_probe, settings.rare.rerank)
        for chosen, part in ((rare, is_rare), (settings, ~is_rare)):
            if not part.any():
                continue
            excluded = None if exclude_rows is None else exclude_rows[part]
            found = search(queries[part], chosen, excluded)
            rows[part], cosines[part], are_exact[part] = found.rows, found.similarity, found.exact
        some = np.flatnonzero(is_rare & ~are_exact)
        if len(some):
            rows[some], cosines[some] = self.outside.add_neighbours(
                rows[some],
                queries[some],
                k=k,
                exclude_rows=None if exclude_rows is None else exclude_rows[some],
                row_filter=row_filter,
            )
        return SearchResult.of_rows(self.stored, rows, cosines, are_exact)

    def _in_lists(
        self,
        lists: InvertedLists,
        queries: Vectors,
        settings: SearchSettings,
        exclude_rows: Rows | None,
        *,
        k: int,
        row_filter: RowFilter | None,
    ) -> SearchResult:
        """Neighbours among the candidates that inverted lists propose."""
        depth = _depth(k, settings, row_filter)
        if depth >= EXACT_FROM_SHARE * len(self.stored if row_filter is None else row_filter):
            return self._exact(queries, k, exclude_rows, row_filter)
        n_probe = max(settings.n_probe, least_probe(depth, lists.n_lists, len(self.stored)))
        if row_filter is None:
            on_gpu = self.on_gpu if lists is self.lists else self.query_aware_on_gpu
            candidates = (on_gpu or lists).candidates(queries, n=depth, n_probe=n_probe)
        else:
            propose = self._cheapest_method(lists, depth, n_probe, row_filter)
            if propose is None:
                return self._exact(queries, k, exclude_rows, row_filter)
            candidates = propose(queries)
        return self._ranked(candidates, queries, k, exclude_rows, row_filter)

    def _cheapest_method(
        self, lists: InvertedLists, depth: int, n_probe: int, row_filter: RowFilter
    ) -> Callable[[Vectors], Rows] | None:
        """A function that proposes (q, depth) selected rows; None where exact search is cheaper.

        The rows come from a temporary index, or from the lists that hold selected vectors.
        """
        filtered = row_filter.in_lists(lists)
        n = len(row_filter)
        if filtered.is_clustered:
            n_probe *= CLUSTER_OVERSAMPLING
        # Number of selected vectors to compare: more than a query without a filter would.
        share = filter_oversampling(filtered.density) * n_probe / lists.n_lists
        n_compared = share * len(self.stored) * filtered.density
        n_enough = max(math.ceil(n_compared), _SELECTED_PER_CANDIDATE * depth)
        cost = filtered.probe_cost(n_enough)
        exact = exact_cost(n, self.stored.dim) if row_filter.is_cached else math.inf
        n_temporary = filtered.n_temporary_lists
        if n_temporary:
            # Probe at least the same fraction of the temporary index's lists as of the index's.
            least = max(least_probe(depth, n_temporary, n), math.ceil(share * n_temporary))
            n_probe_temporary = max(_MIN_TEMPORARY_PROBE, n_probe, least)
            n_read = n * min(1, n_probe_temporary / n_temporary)
            temporary = temporary_index_cost(n_read, n, lists.plan.n_components)
            if temporary <= min(cost, exact):
                return partial(filtered.temporary_candidates, n=depth, n_probe=n_probe_temporary)
        return None if exact <= cost else partial(filtered.candidates, n=depth, n_enough=n_enough)

    def _ranked(
        self,
        candidates: Rows,
        queries: Vectors,
        k: int,
        exclude_rows: Rows | None,
        row_filter: RowFilter | None,
    ) -> SearchResult:
        """Neighbours among the candidates; from exact search where there are too few candidates."""
        rows, cosines = rerank(self.stored, candidates, queries, k=k, exclude_rows=exclude_rows)
        exact = np.zeros(len(queries), bool)
        # Padding is at the end of a row.
        short = np.flatnonzero(rows[:, -1] < 0)
        if len(short):
            wanted = self._n_findable(short, k, exclude_rows, row_filter)
            short = short[np.count_nonzero(rows[short] >= 0, axis=1) < wanted]
        if len(short):
            excluded = None if exclude_rows is None else exclude_rows[short]
            complete = self._exact(queries[short], k, excluded, row_filter)
            rows[short], cosines[short] = complete.rows, complete.similarity
            exact[short] = complete.exact
        return SearchResult.of_rows(self.stored, rows, cosines, exact)

    def _n_findable(
        self, some: Rows, k: int, exclude_rows: Rows | None, row_filter: RowFilter | None
    ) -> Rows:
        """(n,) largest possible number of neighbours, up to `k`, of the queries `some`."""
        n = len(self.stored if row_filter is None else row_filter)
        if exclude_rows is None:
            return np.full(len(some), min(k, n))
        own = exclude_rows[some]
        if row_filter is not None:
            own = np.where(find_rows(row_filter.rows, own) >= 0, own, -1)
        return np.asarray(np.minimum(k, n - (own >= 0)))

    def _exact(
        self, queries: Vectors, k: int, exclude_rows: Rows | None, row_filter: RowFilter | None
    ) -> SearchResult:
        blocks = None if row_filter is None else row_filter.blocks
        originals = self.stored.originals
        if k:
            rows, cosines = exact_search(
                originals or self.stored, queries, k=k, exclude_rows=exclude_rows, blocks=blocks
            )
        else:
            rows, cosines = no_candidates(len(queries), 0)
        if k and originals is not self.stored and originals is not None:
            # A pair has the cosine of its stored vectors, whichever way it was found.
            rows, cosines = rerank(self.stored, rows, queries, k=k)
        exact = np.full(len(queries), originals is not None)
        return SearchResult.of_rows(self.stored, rows, cosines, exact)


def _depth(k: int, settings: SearchSettings, row_filter: RowFilter | None) -> int:
    """Number of candidates to re-rank for `k` neighbours."""
    return depth_of(k, settings.rerank * (1 if row_filter is None else FILTER_OVERSAMPLING))


def filter_oversampling(density: float) -> float:
    """Factor on n_probe for a filter, by the fraction of vectors that it selects in its lists.

    The sparser the selected vectors are, the farther away are the neighbours among them, and the
    more lists hold some of these.

    Examples
    --------
    >>> [round(filter_oversampling(density), 1) for density in (0.5, 0.25, 0.1, 0.03)]
    [2.0, 2.0, 3.8, 8.8]
    """
    sparseness = max(1.0, _DENSE_FILTER / max(density, 1e-9))
    return FILTER_OVERSAMPLING * math.pow(sparseness, _SPARSE_FILTER_POWER)
