"""The centroids of inverted lists: which lists a question reads, nearest first."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.index.ivf.faiss_api import faiss, flat_index
from galsearch.index.plan.index_plan import Metric
from galsearch.index.vectors.stored_vectors import Rows, Vectors

_LEAST_WALK = 8
"""Centroids kept while the graph over them is walked."""
_GRAPH_UP_TO = 48
"""Lists that are found by the graph. A wider walk need not reach centroids of another cluster, so
for more all are compared."""


class Coarse:
    """The centroids of trained lists, asked by any number of threads."""

    def __init__(self, quantizer: Any, metric: Metric) -> None:
        self._quantizer = faiss.downcast_index(quantizer)
        self._metric = metric

    @property
    def n_lists(self) -> int:
        """Centroids."""
        return int(self._quantizer.ntotal)

    def centroids(self, numbers: Rows) -> Vectors:
        """(n, n_components) of these lists."""
        return np.asarray(self._quantizer.reconstruct_batch(numbers), np.float32)

    def walks_to(self, n_probe: int) -> bool:
        """Whether FAISS's own search of the lists finds so many as `nearest` does."""
        return self._metric == "l2" and n_probe <= _GRAPH_UP_TO

    def parameters(self, n_probe: int) -> Any:
        """How FAISS's own search finds so many."""
        return walk(n_probe) if isinstance(self._quantizer, faiss.IndexHNSW) else None

    def nearest(self, questions: Vectors, width: int) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """(q, width) squared distances or inner products, and numbers of lists, nearest first."""
        searched = self._quantizer if self.walks_to(width) else self._compared
        parameters = self.parameters(width) if self.walks_to(width) else None
        measures, numbers = searched.search(questions, width, params=parameters)
        return measures, numbers

    @cached_property
    def _compared(self) -> Any:
        """The centroids in a flat index, by the metric of the questions."""
        if self._metric == "l2" and isinstance(self._quantizer, faiss.IndexHNSW):
            return self._quantizer.storage
        if self._metric == "l2":
            return self._quantizer
        flat = flat_index(self._quantizer.d, self._metric)
        flat.add(self.centroids(np.arange(self.n_lists)))
        return flat


def walk(n: int) -> Any:
    """How the graph over the centroids is walked for the nearest `n` of them."""
    return faiss.SearchParametersHNSW(efSearch=max(_LEAST_WALK, 2 * n))
