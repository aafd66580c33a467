"""FAISS in the comparison: by the recipes of its wiki, and as autofaiss chooses."""

import importlib
import math
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import (
    Engine,
    Rows,
    Setting,
    Vectors,
    cpus,
    grid,
    power_of_two,
    sample,
)


class PlainFaiss(Engine):
    """FAISS by the recipes of its wiki: inverted lists, codes, a rotation, re-ranking.

    Both metrics, which order unit vectors alike. The last recipe is the one that galsearch chose
    for these vectors, written by hand: what a user would get who knew it.
    """

    builds: tuple[str, ...] = (
        "ip OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,RFlat",
        "l2 OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,RFlat",
        "l2 OPQ{half}_{dim},IVF{lists},PQ{half}x4fsr,Refine(SQfp16)",
        "ip IVF{lists},Flat",
        "l2 IVF{lists},SQ8",
        "l2 IVF{lists}_HNSW32,SQ8,RFlat",
        "l2 PCAR{quarter},IVF{lists}_HNSW32,SQ8,RFlat",
    )

    def __init__(self, how: str) -> None:
        super().__init__(how)
        probes = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)
        self.settings = grid(nprobe=probes)
        if "RFlat" in how or "Refine" in how:
            self.settings = grid(nprobe=probes, k_factor=(1.5, 2, 3, 4, 8, 16))

    def build(self, vectors: Vectors) -> None:
        """Train on as much as FAISS wants, add, keep the refinement."""
        faiss: Any = importlib.import_module("faiss")
        n, dim = vectors.shape
        lists = power_of_two(4 * math.sqrt(n))
        metric, factory = self.how.split()
        factory = factory.format(lists=lists, dim=dim, half=dim // 2, quarter=dim // 4)
        metrics = {"ip": faiss.METRIC_INNER_PRODUCT, "l2": faiss.METRIC_L2}
        self.index = faiss.index_factory(dim, factory, metrics[metric])
        self.index.train(sample(vectors, 64 * lists))
        self.index.add(vectors)
        faiss.omp_set_num_threads(1)

    def search(self, questions: Vectors, k: int, setting: Setting) -> Rows:
        """Parameters travel with the call."""
        parameters = faiss_parameters(self.index, setting)
        return np.asarray(self.index.search(questions, k, params=parameters)[1])

    def n_bytes(self) -> int:
        """Of FAISS's own file."""
        faiss: Any = importlib.import_module("faiss")
        return int(faiss.serialize_index(self.index).nbytes)


def faiss_parameters(index: Any, setting: Setting) -> Any:
    """What a search of this FAISS index takes for a setting."""
    faiss: Any = importlib.import_module("faiss")
    if isinstance(index, faiss.IndexRefine):
        base = faiss.downcast_index(index.base_index)
        return faiss.IndexRefineSearchParameters(
            k_factor=setting["k_factor"], base_index_params=faiss_parameters(base, setting)
        )
    if isinstance(index, faiss.IndexPreTransform):
        inner = faiss_parameters(faiss.downcast_index(index.index), setting)
        return faiss.SearchParametersPreTransform(index_params=inner)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=int(setting["nprobe"]))
    return faiss.SearchParametersIVF(nprobe=int(setting["nprobe"]))


class Autofaiss(PlainFaiss):
    """autofaiss itself, with a memory limit: what it chooses and tunes.

    Its own search settings are replaced by a sweep over them, as it would be tuned by hand.
    """

    builds = ("16G", "0.22K")
    """`max_index_memory_usage`: its default, and as many kilobytes a vector as a third of what
    hnswlib takes."""
    settings = grid(nprobe=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024))

    def build(self, vectors: Vectors) -> None:
        """Its `build_index` over an array in memory, its progress on stderr left out."""
        autofaiss: Any = importlib.import_module("autofaiss")
        faiss: Any = importlib.import_module("faiss")
        memory = self.how
        if memory.endswith("K"):
            memory = f"{float(memory[:-1]) * len(vectors) / 1000:.0f}M"
        self.index, _ = autofaiss.build_index(
            vectors,
            save_on_disk=False,
            metric_type="ip",
            max_index_memory_usage=memory,
            current_memory_available="32G",
            nb_cores=cpus(),
            verbose=30,
        )
        faiss.omp_set_num_threads(1)
