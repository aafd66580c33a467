"""Filtered search by FAISS itself: `IDSelectorBitmap` on the inverted lists of a galsearch build.

The lists, the codes and the code that re-ranks the candidates are those of galsearch; only the
filter differs, so a comparison with galsearch measures the filter alone.
"""

from typing import Any

import numpy as np

from galsearch.core.arrays import Rows, Vectors
from galsearch.core.modality import Modality
from galsearch.index import GalaxyIndex
from galsearch.index.ivf.faiss_api import faiss, flat_index
from galsearch.index.search.rerank import rerank
from galsearch.index.search.row_filter import RowFilter

GRAPH_UP_TO = 48
"""Largest number of probed lists that are found by the HNSW graph of the centroids. For more lists
a walk over the graph misses some, so all centroids are compared.
"""


class FaissBitmapSearch:
    """Filtered search of one direction with FAISS's `IDSelectorBitmap`.

    Parameters
    ----------
    queries : (q, d)
        Unit vectors; `search` always searches for all of them in one call.
    row_filter
        Filter of the rows of vectors that may be returned.
    k
        Neighbours of each query.
    """

    def __init__(
        self,
        index: GalaxyIndex,
        direction: tuple[Modality, Modality],
        queries: Vectors,
        row_filter: RowFilter,
        k: int,
    ) -> None:
        using, among = direction
        opened = index.modality(among)
        self._stored = opened.stored
        self._queries, self._k = queries, k
        self._width = min(k, len(row_filter))
        self.lists = opened.lists_for(cross_modal=using != among)
        if self.lists is None:
            return
        self._rotated = self.lists.rotate_queries(queries)
        self._graph = faiss.downcast_index(self.lists.faiss_index.quantizer)
        self._uses_graph = (
            isinstance(self._graph, faiss.IndexHNSW) and self.lists.plan.metric == "l2"
        )
        self._flat = flat_index(self.lists.plan.n_components, self.lists.plan.metric)
        self._flat.add(self.lists.centroids(np.arange(self.lists.n_lists)))
        self._selector = faiss.IDSelectorBitmap(row_filter.bitmap)

    @property
    def n_lists(self) -> int:
        """Number of inverted lists of the build; 0 where it has none and searches exhaustively."""
        return 0 if self.lists is None else self.lists.n_lists

    def search(self, n_probe: int, depth: int) -> Rows:
        """(q, min(k, selected)) row numbers of the nearest allowed vectors of each query, from
        `n_probe` probed lists and `depth` re-ranked candidates.
        """
        assert self.lists is not None  # noqa: S101 (callers check n_lists)
        index: Any = self.lists.faiss_index
        walk = None
        if self._uses_graph and n_probe <= GRAPH_UP_TO:
            walk = faiss.SearchParametersHNSW(efSearch=max(16, 2 * n_probe))
        parameters = faiss.SearchParametersIVF(
            nprobe=n_probe, sel=self._selector, quantizer_params=walk
        )
        index.quantizer = self._flat if walk is None else self._graph
        try:
            rows = index.search(self._rotated, depth, params=parameters)[1]
        finally:
            index.quantizer = self._graph
        return rerank(self._stored, rows, self._queries, k=self._k)[0][:, : self._width]
