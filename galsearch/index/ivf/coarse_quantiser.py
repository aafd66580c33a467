"""The coarse quantiser: the centroids of inverted lists, and the search for the nearest ones."""

from functools import cached_property
from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array, Int64Array, Rows, Vectors
from galsearch.index.ivf.faiss_api import faiss, flat_index
from galsearch.index.plan.index_plan import Metric

_MIN_EF_SEARCH = 8
"""Smallest value of FAISS's `efSearch`, the number of candidates that a search in the HNSW graph of
the centroids keeps."""
_MAX_GRAPH_PROBES = 48
"""Largest number of nearest centroids that are searched for in the HNSW graph. A search for more
may not reach the centroids of another cluster, so it compares all centroids."""


class CoarseQuantiser:
    """The centroids of trained inverted lists; read-only, for use by any number of threads."""

    def __init__(self, quantizer: Any, metric: Metric) -> None:
        # The object that downcast_index returns does not own its memory, so the object that does
        # is referenced too.
        self._owner = quantizer
        self._quantizer = faiss.downcast_index(quantizer)
        self._metric = metric

    @property
    def n_lists(self) -> int:
        """Number of centroids, which is also the number of inverted lists."""
        return int(self._quantizer.ntotal)

    def centroids(self, list_numbers: Rows) -> Vectors:
        """The centroids of the given inverted lists, shape (n, n_components), float32."""
        return np.asarray(self._quantizer.reconstruct_batch(list_numbers), np.float32)

    def faiss_finds(self, n_probe: int) -> bool:
        """True where FAISS itself finds the `n_probe` centroids that the method `nearest` finds."""
        return self._metric == "l2" and n_probe <= _MAX_GRAPH_PROBES

    def search_parameters(self, n_probe: int) -> Any:
        """FAISS parameters of a search for `n_probe` centroids; None without an HNSW graph."""
        is_graph = isinstance(self._quantizer, faiss.IndexHNSW)
        return hnsw_parameters(n_probe) if is_graph else None

    def nearest(self, queries: Vectors, n_probe: int) -> tuple[Float32Array, Int64Array]:
        """The inverted lists whose centroids are nearest to each query, and their distances.

        Parameters
        ----------
        queries : (q, n_components) float32
            Rotated queries.
        n_probe
            Number of lists for each query.

        Returns
        -------
        distances : (q, n_probe) float32
            Squared distances, or inner products if the lists use them; the nearest list is first.
        list_numbers : (q, n_probe) int64
            Numbers of the lists.
        """
        if self.faiss_finds(n_probe):
            parameters = self.search_parameters(n_probe)
            distances, numbers = self._quantizer.search(queries, n_probe, params=parameters)
        else:
            distances, numbers = self._flat.search(queries, n_probe)
        return distances, numbers

    @cached_property
    def _flat(self) -> Any:
        """A FAISS index of the centroids that compares a query with all of them.

        It uses the metric of the inverted lists.
        """
        if self._metric == "l2" and isinstance(self._quantizer, faiss.IndexHNSW):
            return self._quantizer.storage
        if self._metric == "l2":
            return self._quantizer
        flat = flat_index(self._quantizer.d, self._metric)
        flat.add(self.centroids(np.arange(self.n_lists)))
        return flat


def hnsw_parameters(n: int) -> Any:
    """FAISS parameters of a search for the nearest `n` centroids in their HNSW graph."""
    return faiss.SearchParametersHNSW(efSearch=max(_MIN_EF_SEARCH, 2 * n))
