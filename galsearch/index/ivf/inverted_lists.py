"""Inverted lists of FAISS over the vectors of one modality: search, additions and merging.

A vector is rotated to the axes of the lists and shortened to `n_components`, then coded in the list
of its nearest centroid. Its id in FAISS is the row of the stored vector. The lists only select
candidates; their order is decided by the stored vectors.

Squared distances of unit vectors have the order of their cosines, and codes preserve small
distances far better than inner products near 1, because an error in the norm of a code is an error
of the inner product of the same size. Lists for cross-modal queries use inner products, because
there no inner product is near 1.

No FAISS object leaves the package `galsearch.index.ivf`, so nothing else depends on FAISS.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Int64Array, Rows, UInt8Array, Vectors
from galsearch.core.errors import ManifestError
from galsearch.files.digest import sha256_of_parts
from galsearch.index.ivf.coarse_quantiser import CoarseQuantiser
from galsearch.index.ivf.faiss_api import METRICS, faiss, faiss_errors
from galsearch.index.ivf.faiss_lists import remap_list, rows_of_list
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.vectors.pca import multiply_rows

_MIN_QUERIES_TO_SORT = 64
"""Number of queries from which a batch is sorted before the search, such that near queries follow
each other and the lists that they probe are still in the cache of the CPU."""
_FAST_SCAN_MODE = 11
"""Number of the fast scan mode of FAISS that takes the lists of each query in sequence and keeps
candidates in a reservoir. For single queries it is 10 % faster than the default; for batches it is
equal."""


class InvertedLists:
    """Trained inverted lists, and the rotation that is applied to vectors before they are coded.

    The methods that search may be called by several threads at once. `add`, `merge_segments` and
    `remap_rows` change the lists; no other method may run at the same time as one of them.

    Parameters
    ----------
    index
        A trained FAISS index of the IVF family.
    plan
        Parameters of the index.
    rotation : (n_components, d) float32 or None
        Axes of the lists in rows; None where vectors are not rotated.
    owner
        FAISS object that owns the memory of `index`; it is referenced so that it is not freed.
    """

    def __init__(
        self, index: Any, plan: IndexPlan, rotation: Float32Array | None, *, owner: Any = None
    ) -> None:
        self._index = index
        # The metric concerns queries only: a vector is always added to the list of the centroid at
        # the smallest L2 distance, because the coarse quantiser has a metric of its own.
        index.metric_type = METRICS[plan.metric]
        if plan.kind == "fastscan":
            index.implem = _FAST_SCAN_MODE
        self.plan = plan
        self._rotation = None if rotation is None else np.ascontiguousarray(rotation.T)
        self._query_rotation = self._rotation
        if self._rotation is not None and plan.metric == "ip":
            # The axes of query-aware lists also scale vectors. Queries are scaled by the inverse,
            # so that inner products are unchanged.
            self._query_rotation = self._rotation / np.square(self._rotation).sum(axis=0)
        self.n_lists = int(index.nlist)
        self._coarse = CoarseQuantiser(index.quantizer, plan.metric)
        self._owner = index if owner is None else owner
        self._parameters: dict[int, Any] = {}
        self._list_of_row: npt.NDArray[np.int32] | None = None
        self._sizes: Int64Array | None = None

    @property
    def n_vectors(self) -> int:
        """Number of vectors in all inverted lists together."""
        return int(self._index.ntotal)

    @property
    def faiss_index(self) -> Any:
        """The underlying FAISS index, for `galsearch.index.ivf` and benchmarks only."""
        return self._index

    @property
    def rotation(self) -> Float32Array | None:
        """Axes to which vectors are rotated, in rows of a (n_components, d) float32 array.

        None where vectors are not rotated.
        """
        return None if self._rotation is None else np.ascontiguousarray(self._rotation.T)

    def quantiser_digest(self) -> str:
        """Digest (sha256) of all that was trained: rotation, centroids and residual quantiser."""
        parts = [self.centroids(np.arange(self.n_lists))]
        if self._rotation is not None:
            parts.append(self._rotation)
        if self.plan.kind == "ivfsq":
            parts.append(faiss.vector_to_array(self._index.sq.trained))
        else:
            parts.append(faiss.vector_to_array(self._index.pq.centroids))
        return sha256_of_parts(np.ascontiguousarray(part, "<f4").tobytes() for part in parts)

    def rotate(self, vectors: Vectors) -> Float32Array:
        """Vectors rotated to the axes of the lists, as they are coded, shape (n, n_components)."""
        return _product(vectors, self._rotation)

    def rotate_queries(self, queries: Vectors) -> Float32Array:
        """Query vectors rotated to the axes of the lists, shape (q, n_components).

        In lists that use inner products the axes are scaled, so that queries are rotated
        differently from stored vectors.
        """
        return _product(queries, self._query_rotation)

    def add(self, vectors: Vectors, rows: Rows) -> None:
        """Add (n, d) vectors to the lists; their (n,) row numbers become their ids in FAISS."""
        # The vectors are copied, because FAISS refuses read-only memory maps.
        rotated = np.array(self.rotate(vectors))
        with faiss_errors(f"addition of {len(rows):,} vectors to inverted lists", ManifestError):
            self._index.add_with_ids(rotated, rows)
        self._clear_caches()

    def clone_empty(self) -> "InvertedLists":
        """New inverted lists without vectors that have the same trained quantisers."""
        with faiss_errors("copy of inverted lists", ManifestError):
            index = faiss.clone_index(self._index)
            index.reset()
        return InvertedLists(index, self.plan, self.rotation)

    def merge_segments(self, others: Sequence["InvertedLists"], *, deleted_rows: Rows) -> None:
        """Move the vectors of later segments to the end of these lists, then remove deleted rows.

        Parameters
        ----------
        others
            Inverted lists with the same trained quantisers, in the order of the segments. They are
            empty afterwards.
        deleted_rows : (n,) int64
            Rows to remove, numbered through all segments.
        """
        with faiss_errors("merging of inverted lists", ManifestError):
            for other in others:
                self._index.merge_from(other._index, self._index.ntotal)
                other._clear_caches()
            if len(deleted_rows):
                self._index.remove_ids(faiss.IDSelectorBatch(deleted_rows))
        self._clear_caches()

    def remap_rows(self, new_rows: Rows) -> None:
        """Replace each row number `row` by `new_rows[row]`, and sort each list by row number.

        After this, lists that were merged have the same bytes as those of a single build.
        """
        for list_number in range(self.n_lists):
            remap_list(self._index, list_number, new_rows)
        self._clear_caches()

    def _clear_caches(self) -> None:
        """Discard cached values that depend on the content of the lists, after it has changed."""
        self._list_of_row = self._sizes = None

    @property
    def list_of_row(self) -> npt.NDArray[np.int32]:
        """Number of the inverted list that holds each row, shape (n,), int32; -1 for none."""
        if self._list_of_row is None:
            lists = [rows_of_list(self._index, number) for number in range(self.n_lists)]
            n_rows = max((int(rows.max()) + 1 for rows in lists if len(rows)), default=0)
            numbers = np.full(n_rows, -1, np.int32)
            for number, rows in enumerate(lists):
                numbers[rows] = number
            self._list_of_row = numbers
        return self._list_of_row

    @property
    def sizes(self) -> Int64Array:
        """Number of vectors in each inverted list, shape (n_lists,), int64."""
        if self._sizes is None:
            sizes = [self._index.invlists.list_size(number) for number in range(self.n_lists)]
            self._sizes = np.array(sizes, np.int64)
        return self._sizes

    def centroids(self, list_numbers: Rows) -> Float32Array:
        """The centroids of the given inverted lists, shape (n, n_components), float32."""
        return self._coarse.centroids(list_numbers)

    def candidates(self, queries: Vectors, *, n: int, n_probe: int) -> Rows:
        """Rows of the vectors whose codes are nearest to each query, within the probed lists.

        Parameters
        ----------
        queries : (q, d) float32
            Unit vectors.
        n
            Number of rows for each query.
        n_probe
            Number of lists that are probed for each query.

        Returns
        -------
        (q, n) int64
            Row numbers, the nearest first; -1 where the probed lists hold fewer vectors.
        """
        n_probe = min(n_probe, self.n_lists)
        rotated = self.rotate_queries(queries)
        if len(queries) < _MIN_QUERIES_TO_SORT:
            return self._candidates(rotated, n, n_probe)
        order = locality_order(rotated)
        rows = np.empty((len(queries), n), np.int64)
        rows[order] = self._candidates(rotated[order], n, n_probe)
        return rows

    def _candidates(self, rotated: Float32Array, n: int, n_probe: int) -> Rows:
        if not self._coarse.faiss_finds(n_probe):
            distances, list_numbers = self.nearest_lists(rotated, n_probe)
            return self.search_lists(rotated, list_numbers, distances, n, None)
        parameters = self._parameters.get(n_probe) or self._make_parameters(n_probe)
        distances = np.empty((len(rotated), n), np.float32)
        rows = np.empty((len(rotated), n), np.int64)
        # The C++ method of FAISS is called directly, because the checks of its Python wrapper take
        # a tenth of the time of a query.
        pointers = map(faiss.swig_ptr, (distances, rows))
        with faiss_errors(_search_of(n_probe), ManifestError):
            self._index.search_c(len(rotated), faiss.swig_ptr(rotated), n, *pointers, parameters)
        return rows

    def _make_parameters(self, n_probe: int) -> Any:
        coarse = self._coarse.search_parameters(n_probe)
        parameters = self._parameters_class(nprobe=n_probe, quantizer_params=coarse)
        self._parameters[n_probe] = parameters
        return parameters

    @property
    def _parameters_class(self) -> Any:
        is_pq = isinstance(self._index, faiss.IndexIVFPQ)
        return faiss.IVFPQSearchParameters if is_pq else faiss.SearchParametersIVF

    def nearest_lists(self, rotated: Float32Array, n_probe: int) -> tuple[Float32Array, Int64Array]:
        """The inverted lists whose centroids are nearest to rotated queries, and their distances.

        The result is that of `CoarseQuantiser.nearest`: two arrays of shape (q, n_probe), first the
        float32 distances, then the int64 numbers of the lists.
        """
        with faiss_errors(_search_of(n_probe), ManifestError):
            return self._coarse.nearest(rotated, n_probe)

    def search_lists(
        self,
        rotated: Float32Array,
        list_numbers: Int64Array,
        distances: Float32Array,
        n: int,
        allowed: UInt8Array | None,
    ) -> Rows:
        """Rows of the vectors whose codes are nearest to each query, within the given lists.

        Parameters
        ----------
        rotated : (q, n_components) float32
            Query vectors in the axes of the lists.
        list_numbers : (q, width) int64
            Numbers of the lists to probe, -1 for none.
        distances : (q, width) float32
            Squared distances or inner products of the queries and the centroids of these lists.
        n
            Number of rows for each query.
        allowed : (ceil(n_rows / 8),) uint8 or None
            Bitmap of the rows that may be returned, the lowest bit of a byte first; None for all.

        Returns
        -------
        (q, n) int64
            Row numbers, the nearest first; -1 where the lists hold fewer allowed vectors.
        """
        selector = None if allowed is None else faiss.IDSelectorBitmap(allowed)
        parameters = self._parameters_class(nprobe=list_numbers.shape[1], sel=selector)
        found = np.empty((len(rotated), n), np.float32)
        rows = np.empty((len(rotated), n), np.int64)
        # The C++ method of FAISS is called directly, because its Python wrapper in faiss 1.15 takes
        # no search parameters.
        with faiss_errors(_search_of(list_numbers.shape[1]), ManifestError):
            self._index.search_preassigned_c(
                len(rotated),
                faiss.swig_ptr(rotated),
                n,
                faiss.swig_ptr(list_numbers),
                faiss.swig_ptr(distances),
                faiss.swig_ptr(found),
                faiss.swig_ptr(rows),
                False,
                parameters,
            )
        return rows


def locality_order(queries: Float32Array) -> Rows:
    """Indices that sort (n, d) queries such that near queries follow each other, shape (n,).

    Near queries probe the same inverted lists, which are then still in the cache of the CPU.

    Examples
    --------
    >>> locality_order(np.float32([[0.1, 0.5], [0.2, 0.1], [0.3, 0.4]]))
    array([1, 2, 0])
    """
    n = len(queries)
    strips = np.empty(n, np.int64)
    strips[np.argsort(queries[:, 0])] = np.arange(n) // math.isqrt(8 * n)
    return np.lexsort((queries[:, min(1, queries.shape[1] - 1)], strips))


def _search_of(n_probe: int) -> str:
    return f"search of {n_probe:,} inverted lists"


def _product(vectors: Vectors, matrix: Float32Array | None) -> Float32Array:
    if matrix is None:
        return np.ascontiguousarray(vectors, np.float32)
    return np.ascontiguousarray(multiply_rows(vectors, matrix), np.float32)
