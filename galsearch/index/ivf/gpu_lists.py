"""Inverted lists on GPUs: copies of the lists in host memory, for queries without a filter.

Queries with a filter, and those beyond the limits of the GPU kernels, use the lists in host memory.
The stored vectors that decide the order of neighbours are in host memory, too. A GPU compares a
query with all centroids, while a CPU searches a graph over them. So the two may probe different
lists, select slightly different candidates and, rarely, return different neighbours.
"""

import threading
from typing import Any

import numpy as np

from galsearch.core.arrays import Float32Array, Rows, Vectors
from galsearch.core.errors import ConfigError, ManifestError, NoGpuError
from galsearch.index.ivf.faiss_api import METRICS, faiss, faiss_errors, flat_index, n_gpus
from galsearch.index.ivf.gpu_plan import GpuPlan, plan_gpu_search
from galsearch.index.ivf.gpu_training import gpu_config
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.train_lists import sample_vectors
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.vectors.stored_vectors import StoredVectors

MAX_SELECTED = 2048
"""Largest number of candidates, and of probed lists, that the GPU kernels of faiss 1.15 select."""


class GpuLists:
    """A copy of inverted lists on one or several GPUs, made by `copy_to_gpus`.

    Parameters
    ----------
    host
        The lists in host memory that were copied.
    index
        The FAISS index on the GPUs.
    """

    def __init__(self, host: InvertedLists, index: Any) -> None:
        self._host = host
        self._index = index
        # The temporary memory of a GPU can serve only one query at a time.
        self._lock = threading.Lock()

    def candidates(self, queries: Vectors, *, n: int, n_probe: int) -> Rows:
        """Rows of the `n` candidates for each query, found on the GPUs; shape (q, n), int64.

        The arguments and the result are those of `InvertedLists.candidates`.
        """
        n_probe = min(n_probe, self._host.n_lists)
        if max(n, n_probe) > MAX_SELECTED:
            return self._host.candidates(queries, n=n, n_probe=n_probe)
        parameters = faiss.SearchParametersIVF(nprobe=n_probe)
        rotated = self._host.rotate_queries(queries)
        subject = f"search of {n_probe:,} inverted lists on GPUs"
        with self._lock, faiss_errors(subject, ManifestError):
            _, rows = self._index.search(rotated, n, params=parameters)
        return np.asarray(rows)


def copy_to_gpus(host: InvertedLists, stored: StoredVectors, device: str) -> GpuLists | None:
    """A copy of inverted lists on all GPUs that FAISS sees; None where a CPU must search.

    Parameters
    ----------
    host
        Inverted lists in host memory.
    stored
        The vectors in the lists; they are coded again where a GPU has no kernel for their codes.
    device
        `gpu`, or `auto` to return None where the lists cannot be copied.

    Raises
    ------
    NoGpuError
        Where `device` is `gpu` and the GPUs cannot hold the lists.
    """
    n_devices = n_gpus()
    if not n_devices:
        return None
    try:
        gpu = plan_gpu_search(host.plan, n_devices)
        index = _distribute(gpu_compatible_copy(host, stored, gpu), host.plan, gpu)
        return GpuLists(host, index)
    except RuntimeError as error:
        problem = (
            f"FAISS cannot copy the lists to {n_devices} GPU(s) ({str(error).splitlines()[0]})."
        )
    except ConfigError as error:
        problem = str(error)
    if device == "gpu":
        raise NoGpuError(f"device = 'gpu': {problem}")
    return None


def gpu_compatible_copy(host: InvertedLists, stored: StoredVectors, gpu: GpuPlan) -> Any:
    """A FAISS index with the content of inverted lists, in a form that can be copied to a GPU.

    Its centroids are in a flat index. Where the GPU has a kernel for the codes, the copy shares the
    memory of `host`, which must exist as long as the copy does; otherwise the vectors are coded
    again.
    """
    plan = host.plan
    centroids = host.centroids(np.arange(plan.n_lists))
    quantizer = flat_index(plan.n_components, plan.metric)
    quantizer.add(centroids)
    copy = _empty_index(gpu, plan, quantizer)
    if gpu.recoded:
        _code_again(copy, centroids, host, stored)
    else:
        _share_quantiser(copy, host.faiss_index)
        copy.replace_invlists(host.faiss_index.invlists, False)
        copy.ntotal = host.faiss_index.ntotal
    quantizer.this.disown()
    copy.own_fields = True
    return copy


def _code_again(
    copy: Any, centroids: Float32Array, host: InvertedLists, stored: StoredVectors
) -> None:
    """Train the scalar quantiser of a FAISS index, and add the stored vectors to its lists.

    Each vector is added to the list of `copy` that holds it in `host`.
    """
    # A vector belongs to the list of the centroid at the smallest L2 distance, even where queries
    # rank lists by inner product.
    nearest, quantizer = flat_index(host.plan.n_components, "l2"), copy.quantizer
    nearest.add(centroids)
    copy.quantizer = nearest
    copy.train(host.rotate(sample_vectors(stored, host.plan.n_training, seed=1)))
    copy.quantizer = quantizer
    list_of_row = host.list_of_row.astype(np.int64)
    for rows, vectors in stored.blocks():
        rotated, lists = np.ascontiguousarray(host.rotate(vectors)), list_of_row[rows]
        copy.add_core(len(rows), *(faiss.swig_ptr(array) for array in (rotated, rows, lists)))


def _empty_index(gpu: GpuPlan, plan: IndexPlan, quantizer: Any) -> Any:
    """An untrained FAISS index in host memory, of the class that the GPU plan names."""
    common = (quantizer, plan.n_components, plan.n_lists)
    if gpu.index == "GpuIndexIVFPQ":
        return faiss.IndexIVFPQ(*common, plan.n_subvectors, plan.n_bits, METRICS[plan.metric])
    kind = faiss.ScalarQuantizer.QT_8bit
    return faiss.IndexIVFScalarQuantizer(*common, kind, METRICS[plan.metric], True)


def _share_quantiser(index: Any, trained: Any) -> None:
    """Let a FAISS index use the trained quantiser of residuals of another index of its class."""
    if hasattr(trained, "pq"):
        index.pq = trained.pq
    else:
        index.sq = trained.sq
    index.is_trained = True


def _distribute(copy: Any, plan: IndexPlan, gpu: GpuPlan) -> Any:
    """A copy of a FAISS index on one GPU, or on several GPUs with a part of the vectors on each."""
    if gpu.n_devices == 1:
        return copy_to_gpu(copy, gpu, 0)
    shards = faiss.IndexShards(plan.n_components, True, False)
    shards.metric_type = METRICS[plan.metric]
    for device in range(gpu.n_devices):
        part = _empty_index(gpu, plan, copy.quantizer)
        _share_quantiser(part, copy)
        copy.copy_subset_to(part, faiss.InvertedLists.SUBSET_TYPE_ID_MOD, gpu.n_devices, device)
        on_device = copy_to_gpu(part, gpu, device)
        shards.add_shard(on_device)
        on_device.this.disown()
    shards.own_indices = True
    return shards


def copy_to_gpu(index: Any, gpu: GpuPlan, device: int) -> Any:
    """A copy of a FAISS index from host memory on the GPU with the number `device`."""
    return getattr(faiss, gpu.index)(faiss.StandardGpuResources(), index, gpu_config(gpu, device))
