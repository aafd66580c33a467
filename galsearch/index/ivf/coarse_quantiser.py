"""The coarse quantiser: the centroids of the inverted lists, and which are nearest to a query."""

from functools import cached_property
from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array, Int64Array, Rows, Vectors
from galsearch.index.ivf.faiss_api import faiss, flat_index
from galsearch.index.plan.index_plan import Metric

_MIN_EF_SEARCH = 8
"""Smallest number of centroids that the search in the HNSW graph keeps."""
_MAX_GRAPH_PROBES = 48
"""Up to this many nearest centroids are found in the HNSW graph. A search for more may not reach
the centroids of another cluster, so all centroids are compared."""


class CoarseQuantiser:
    """The centroids of trained inverted lists; read-only, for use by any number of threads."""

    def __init__(self, quantizer: Any, metric: Metric) -> None:
        # The downcast object does not own the memory, so the original is kept too.
        self._owner = quantizer
        self._quantizer = faiss.downcast_index(quantizer)
        self._metric = metric

    @property
    def n_lists(self) -> int:
        """Number of centroids."""
        return int(self._quantizer.ntotal)

    def centroids(self, list_numbers: Rows) -> Vectors:
        """(n, n_components) centroids of the given lists."""
        return np.asarray(self._quantizer.reconstruct_batch(list_numbers), np.float32)

    def faiss_finds(self, n_probe: int) -> bool:
        """True where FAISS's own search of `n_probe` centroids gives the result of `nearest`."""
        return self._metric == "l2" and n_probe <= _MAX_GRAPH_PROBES

    def search_parameters(self, n_probe: int) -> Any:
        """FAISS parameters to find `n_probe` centroids; None where there is no HNSW graph."""
        is_graph = isinstance(self._quantizer, faiss.IndexHNSW)
        return hnsw_parameters(n_probe) if is_graph else None

    def nearest(self, queries: Vectors, n_probe: int) -> tuple[Float32Array, Int64Array]:
        """Distances and numbers of the lists with the nearest centroids.

        Parameters
        ----------
        queries : (q, n_components) float32
            Rotated queries.
        n_probe
            Number of lists for each query.

        Returns
        -------
        distances : (q, n_probe) float32
            Squared distances or inner products, nearest first.
        list_numbers : (q, n_probe) int64
        """
        if self.faiss_finds(n_probe):
            parameters = self.search_parameters(n_probe)
            distances, numbers = self._quantizer.search(queries, n_probe, params=parameters)
        else:
            distances, numbers = self._flat.search(queries, n_probe)
        return distances, numbers

    @cached_property
    def _flat(self) -> Any:
        """The centroids in a FAISS index that compares them all, with the metric of the lists."""
        if self._metric == "l2" and isinstance(self._quantizer, faiss.IndexHNSW):
            return self._quantizer.storage
        if self._metric == "l2":
            return self._quantizer
        flat = flat_index(self._quantizer.d, self._metric)
        flat.add(self.centroids(np.arange(self.n_lists)))
        return flat


def hnsw_parameters(n: int) -> Any:
    """FAISS parameters of a search in the HNSW graph of the centroids for the nearest `n`."""
    return faiss.SearchParametersHNSW(efSearch=max(_MIN_EF_SEARCH, 2 * n))
