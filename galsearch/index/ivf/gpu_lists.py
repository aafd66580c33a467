"""Inverted lists on GPUs propose candidates; the host keeps its own for what a GPU cannot do.

Filtered questions and those that exceed the limits of the kernels go to the host's lists, and
stored vectors decide on the host. A GPU compares all centroids where the host walks a graph over
them, so a candidate at the rim may differ, and with it, seldom, an answer.
"""

import threading
from typing import Any

import numpy as np

from galsearch.core.errors import ConfigError
from galsearch.index.ivf.faiss_api import METRICS, faiss, flat_index, n_gpus
from galsearch.index.ivf.gpu_plan import GpuPlan, gpu_config, plan_gpu_search
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.train_lists import draw_sample
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.vectors.stored_vectors import Rows, StoredVectors, Vectors

MOST_SELECTED = 2048
"""Candidates, and lists, that the classic kernels of faiss 1.15 select."""


class GpuLists:
    """A copy of inverted lists on one GPU, or in shares on several; made by `copied_to_gpus`."""

    def __init__(self, host: InvertedLists, index: Any) -> None:
        self._host = host
        self._index = index
        # The temporary memory of a GPU is one question's at a time.
        self._lock = threading.Lock()

    def candidates(self, questions: Vectors, *, n: int, n_probe: int) -> Rows:
        """(n_questions, n) rows, nearest by their codes first, -1 where the lists end."""
        n_probe = min(n_probe, self._host.n_lists)
        if max(n, n_probe) > MOST_SELECTED:
            return self._host.candidates(questions, n=n, n_probe=n_probe)
        parameters = faiss.SearchParametersIVF(nprobe=n_probe)
        with self._lock:
            _, rows = self._index.search(self._host.asked(questions), n, params=parameters)
        return np.asarray(rows)


def copied_to_gpus(host: InvertedLists, stored: StoredVectors, device: str) -> GpuLists | None:
    """The lists on every GPU that FAISS sees; None where `device` is auto and that cannot be.

    Raises
    ------
    ConfigError
        Where a GPU is insisted on (`gpu`) and cannot hold the lists.
    """
    n_devices = n_gpus()
    if not n_devices:
        return None
    try:
        gpu = plan_gpu_search(host.plan, n_devices)
        return GpuLists(host, _shared_out(plain_twin(host, stored, gpu), host.plan, gpu))
    except RuntimeError as error:
        problem = (
            f"FAISS cannot copy the lists to {n_devices} GPU(s) ({str(error).splitlines()[0]})."
        )
    except ConfigError as error:
        problem = str(error)
    if device == "gpu":
        raise ConfigError(f"device = 'gpu': {problem} Use device = 'auto' or 'cpu'.")
    return None


def plain_twin(host: InvertedLists, stored: StoredVectors, gpu: GpuPlan) -> Any:
    """The host's lists as an index that a GPU can copy: its centroids flat, legal codes.

    Where the codes are legal the twin reads those of the host, which must outlive it.
    """
    plan = host.plan
    centroids = host.centroids(np.arange(plan.n_lists))
    asked = flat_index(plan.n_components, plan.metric)
    asked.add(centroids)
    twin = _empty(gpu, plan, asked)
    if gpu.recoded:
        _code_anew(twin, centroids, host, stored)
    else:
        _take_codes(twin, host.index)
        twin.replace_invlists(host.index.invlists, False)
        twin.ntotal = host.index.ntotal
    asked.this.disown()
    twin.own_fields = True
    return twin


def _code_anew(twin: Any, centroids: Vectors, host: InvertedLists, stored: StoredVectors) -> None:
    """Train the codes of the twin, and fill the lists that the host has."""
    # A vector's list is the nearest, whatever a question measures by.
    nearest, asked = flat_index(host.plan.n_components, "l2"), twin.quantizer
    nearest.add(centroids)
    twin.quantizer = nearest
    twin.train(host.turned(draw_sample(stored, host.plan.n_training, seed=1)))
    twin.quantizer = asked
    numbers = host.list_of_row.astype(np.int64)
    for rows, vectors in stored.blocks():
        short, held = np.ascontiguousarray(host.turned(vectors)), numbers[rows]
        twin.add_core(len(rows), *(faiss.swig_ptr(array) for array in (short, rows, held)))


def _empty(gpu: GpuPlan, plan: IndexPlan, centroids: Any) -> Any:
    common = (centroids, plan.n_components, plan.n_lists)
    if gpu.index == "GpuIndexIVFPQ":
        return faiss.IndexIVFPQ(*common, plan.n_subvectors, plan.n_bits, METRICS[plan.metric])
    kind = faiss.ScalarQuantizer.QT_8bit
    return faiss.IndexIVFScalarQuantizer(*common, kind, METRICS[plan.metric], True)


def _take_codes(index: Any, trained: Any) -> None:
    """How residuals are coded, from an index of the same kind."""
    if hasattr(trained, "pq"):
        index.pq = trained.pq
    else:
        index.sq = trained.sq
    index.is_trained = True


def _shared_out(twin: Any, plan: IndexPlan, gpu: GpuPlan) -> Any:
    """The twin on one GPU, or a share of its vectors on each of several."""
    if gpu.n_devices == 1:
        return on_device(twin, gpu, 0)
    shards = faiss.IndexShards(plan.n_components, True, False)
    shards.metric_type = METRICS[plan.metric]
    for device in range(gpu.n_devices):
        share = _empty(gpu, plan, twin.quantizer)
        _take_codes(share, twin)
        twin.copy_subset_to(share, faiss.InvertedLists.SUBSET_TYPE_ID_MOD, gpu.n_devices, device)
        part = on_device(share, gpu, device)
        shards.add_shard(part)
        part.this.disown()
    shards.own_indices = True
    return shards


def on_device(index: Any, gpu: GpuPlan, device: int) -> Any:
    """A copy of a host index on one GPU."""
    return getattr(faiss, gpu.index)(faiss.StandardGpuResources(), index, gpu_config(gpu, device))
