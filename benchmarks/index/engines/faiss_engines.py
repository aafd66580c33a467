"""FAISS as a baseline: index types recommended by its wiki, and the choice of autofaiss."""

import importlib
import math
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import (
    Engine,
    Setting,
    available_cores,
    grid,
    power_of_two,
    sample_rows,
)
from galsearch.core.arrays import Rows, Vectors


class FaissEngine(Engine):
    """Engine of index types that the FAISS wiki recommends: inverted lists, codes, rotation,
    re-ranking.

    A variant is a metric ("ip" or "l2", which rank unit vectors alike) and a factory string. The
    last variant is the index type that galsearch chose for these vectors, written by hand, as an
    expert user of FAISS could do.
    """

    variants: tuple[str, ...] = (
        "ip OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,RFlat",
        "l2 OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,RFlat",
        "l2 OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,Refine(SQfp16)",
        "ip IVF{lists},Flat",
        "l2 IVF{lists},SQ8",
        "l2 IVF{lists}_HNSW32,SQ8,RFlat",
        "l2 PCAR{quarter},IVF{lists}_HNSW32,SQ8,RFlat",
    )

    def __init__(self, variant: str) -> None:
        super().__init__(variant)
        probes = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)
        self.settings = grid(nprobe=probes)
        if "RFlat" in variant or "Refine" in variant:
            self.settings = grid(nprobe=probes, k_factor=(1.5, 2, 3, 4, 8, 16))

    def build(self, vectors: Vectors) -> None:
        """Train the FAISS index on 64 vectors for each list, then add all vectors."""
        faiss: Any = importlib.import_module("faiss")
        n, dim = vectors.shape
        lists = power_of_two(4 * math.sqrt(n))
        metric, factory = self.variant.split()
        factory = factory.format(lists=lists, dim=dim, half=dim // 2, quarter=dim // 4)
        metrics = {"ip": faiss.METRIC_INNER_PRODUCT, "l2": faiss.METRIC_L2}
        self.index = faiss.index_factory(dim, factory, metrics[metric])
        self.index.train(sample_rows(vectors, 64 * lists))
        self.index.add(vectors)
        faiss.omp_set_num_threads(1)

    def search(self, queries: Vectors, k: int, setting: Setting) -> Rows:
        """(q, k) row numbers of the nearest vectors; the setting is passed with the call, so the
        index does not change.
        """
        parameters = search_parameters(self.index, setting)
        return np.asarray(self.index.search(queries, k, params=parameters)[1])

    def n_bytes(self) -> int:
        """Size in bytes of the serialised FAISS index."""
        faiss: Any = importlib.import_module("faiss")
        return int(faiss.serialize_index(self.index).nbytes)


def search_parameters(index: Any, setting: Setting) -> Any:
    """FAISS search parameters, of the class that fits the type of an index, for one setting of the
    sweep.
    """
    faiss: Any = importlib.import_module("faiss")
    if isinstance(index, faiss.IndexRefine):
        base = faiss.downcast_index(index.base_index)
        return faiss.IndexRefineSearchParameters(
            k_factor=setting["k_factor"], base_index_params=search_parameters(base, setting)
        )
    if isinstance(index, faiss.IndexPreTransform):
        inner = search_parameters(faiss.downcast_index(index.index), setting)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=int(setting["nprobe"]))
    return faiss.SearchParametersIVF(nprobe=int(setting["nprobe"]))


class AutofaissEngine(FaissEngine):
    """Engine of the FAISS index that autofaiss chooses under a memory limit.

    The search settings that autofaiss would choose are replaced by a sweep, as if tuned by hand.
    """

    variants = ("16G", "0.22K")
    """Values of autofaiss's `max_index_memory_usage`: its default of 16G, and 0.22 kilobytes a
    vector, which is a third of what hnswlib takes.
    """
    settings = grid(nprobe=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024))

    def build(self, vectors: Vectors) -> None:
        """Build the index by `autofaiss.build_index` from the vectors in memory."""
        autofaiss: Any = importlib.import_module("autofaiss")
        faiss: Any = importlib.import_module("faiss")
        memory = self.variant
        if memory.endswith("K"):
            memory = f"{float(memory[:-1]) * len(vectors) / 1000:.0f}M"
        self.index, _ = autofaiss.build_index(
            vectors,
            save_on_disk=False,
            metric_type="ip",
            max_index_memory_usage=memory,
            current_memory_available="32G",
            nb_cores=available_cores(),
            verbose=30,
        )
        faiss.omp_set_num_threads(1)
