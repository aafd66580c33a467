"""Measurement of the relative costs in `galsearch/index/plan/cost.py` on this machine.

    python -m benchmarks.index.calibrate_costs

The benchmark times the elementary steps of a search (one code, one list, one component, one vector)
with one thread, by CPU time, one query at a time. Vectors are random, because only times matter.
Each figure is the shortest of several runs, and each weight is its ratio to the look-up of one
8-bit code. The lists fill more memory than a core's cache holds, as those of a survey do.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from galsearch.core.arrays import Vectors
from galsearch.index.ivf.coarse_quantiser import hnsw_parameters
from galsearch.index.ivf.faiss_api import faiss

N, DIM, N_LISTS, N_QUERIES = 60_000, 128, 64, 100
N_FAR, SHORT_DIM, FEW, MANY = 500_000, 32, 256, 4096
"""Number and dimension of the vectors with which the time of probing one list is measured, and the
two numbers of lists (few, many) that are compared.
"""
REPEATS = 7


def main() -> int:
    """Print the time in nanoseconds and the relative cost of each elementary step of a search;
    returns the exit status.
    """
    faiss.omp_set_num_threads(1)
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(N, DIM)).astype(np.float32)
    scalar, probed = scalar_seconds(generator)
    seconds = {
        "8-bit code": code_seconds(vectors, "PQ32x8np", 32),
        "4-bit code": code_seconds(vectors, "PQ64x4fsr", 64),
        "scalar component": scalar,
        "list": probed,
        "list by products": shared_table_seconds(generator),
        "short component": short_seconds(vectors),
        "scanned component": scan_seconds(vectors),
        "scattered component": scattered_seconds(vectors, generator),
    }
    unit = seconds["8-bit code"]
    for name, value in seconds.items():
        print(f"{name:20} {1e9 * value:10.4f} ns {value / unit:10.4f}")
    return 0


def shortest_thread_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this thread in the shortest of `REPEATS` runs of a function."""
    found = []
    for _ in range(REPEATS):
        start = time.thread_time()
        work()
        found.append(time.thread_time() - start)
    return min(found)


def scalar_seconds(generator: np.random.Generator) -> tuple[float, float]:
    """CPU seconds for comparing one component in 8-bit scalar quantisation, and for probing one
    inverted list that an HNSW graph found.
    """
    vectors = generator.normal(size=(N_FAR, SHORT_DIM)).astype(np.float32)

    def make_index(n_lists: int) -> Any:
        graph = faiss.IndexHNSWFlat(SHORT_DIM, 16)
        graph.add(vectors[:n_lists])
        kind = faiss.ScalarQuantizer.QT_8bit
        return faiss.IndexIVFScalarQuantizer(graph, SHORT_DIM, n_lists, kind, faiss.METRIC_L2, True)

    a_vector, a_list = vector_and_list_seconds(make_index, vectors, generator, hnsw_parameters)
    return a_vector / SHORT_DIM, a_list


def shared_table_seconds(generator: np.random.Generator) -> float:
    """CPU seconds for probing one inverted list of 4-bit codes, where one look-up table serves all
    lists.
    """
    vectors = generator.normal(size=(N_FAR, SHORT_DIM)).astype(np.float32)

    def make_index(n_lists: int) -> Any:
        flat = faiss.IndexFlatIP(SHORT_DIM)
        flat.add(vectors[:n_lists])
        metric = faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexIVFPQFastScan(flat, SHORT_DIM, n_lists, SHORT_DIM, 4, metric)
        index.by_residual = True
        return index

    return vector_and_list_seconds(make_index, vectors, generator, lambda _: None)[1]


def vector_and_list_seconds(
    make_index: Callable[[int], Any],
    vectors: Vectors,
    generator: np.random.Generator,
    quantizer_parameters: Callable[[int], Any],
) -> tuple[float, float]:
    """CPU seconds for comparing one stored vector and for probing one list, derived from indexes
    with few and with many lists.

    The time of probing a list is a constant plus a time for each vector in it; two list sizes
    give two equations for these two unknowns.

    Parameters
    ----------
    make_index
        Makes an index from a number of lists.
    quantizer_parameters
        Search parameters of the coarse quantiser for a number of probed lists.
    """
    queries = generator.normal(size=(N_QUERIES, SHORT_DIM)).astype(np.float32)
    list_seconds = []
    for n_lists in (FEW, MANY):
        index = make_index(n_lists)
        index.train(vectors[:20_000])
        index.add(vectors)
        few, many = (
            shortest_thread_seconds(
                partial(one_by_one, index, queries, n_probe, quantizer_parameters(n_probe))
            )
            / N_QUERIES
            for n_probe in (4, 24)
        )
        list_seconds.append((many - few) / 20)
    large_list, small_list = list_seconds
    vector = (large_list - small_list) / (N_FAR / FEW - N_FAR / MANY)
    return vector, small_list - vector * N_FAR / MANY


def one_by_one(index: Any, queries: Vectors, n_probe: int, quantizer_parameters: Any) -> None:
    """Search an index for each query in a call of its own, as single queries are searched."""
    parameters = faiss.SearchParametersIVF(nprobe=n_probe, quantizer_params=quantizer_parameters)
    for row in range(len(queries)):
        index.search(queries[row : row + 1], 16, params=parameters)


def code_seconds(vectors: Vectors, codes: str, n_subvectors: int) -> float:
    """CPU seconds for looking up one code of a subvector, from the difference between probing all
    lists and an eighth of them.
    """
    index = faiss.index_factory(DIM, f"IVF{N_LISTS},{codes}", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = 4
    if hasattr(index, "pq"):
        index.pq.cp.niter = 4
    index.train(vectors[:20_000])
    index.add(vectors)
    fast = not isinstance(index, faiss.IndexIVFPQ)
    parameters = faiss.SearchParametersIVF if fast else faiss.IVFPQSearchParameters

    def ten_queries(n_probe: int) -> None:
        for row in range(10):
            index.search(vectors[row : row + 1], 100, params=parameters(nprobe=n_probe))

    few, all_lists = (
        shortest_thread_seconds(partial(ten_queries, n)) for n in (N_LISTS // 8, N_LISTS)
    )
    return (all_lists - few) / (10 * 7 / 8 * N * n_subvectors)


def short_seconds(vectors: Vectors) -> float:
    """CPU seconds per component for float32 vectors of 32 dimensions that FAISS compares in
    sequence.
    """
    short = vectors[:, :32].copy()
    index = faiss.IndexFlatL2(32)
    index.add(short)
    return shortest_thread_seconds(lambda: index.search(short[:1], 20)) / (N * 32)


def scan_seconds(vectors: Vectors) -> float:
    """CPU seconds per component for vectors that are compared in the order of storage."""
    return shortest_thread_seconds(lambda: vectors[:1] @ vectors.T) / (N * DIM)


def scattered_seconds(vectors: Vectors, generator: np.random.Generator) -> float:
    """CPU seconds per component for vectors that are fetched from random rows of the storage."""
    rows = generator.integers(0, N, (N_QUERIES, 200))
    products = np.empty(rows.shape, np.float32)
    pointers = [faiss.swig_ptr(a) for a in (products, vectors[:N_QUERIES], vectors, rows)]
    work = faiss.fvec_inner_products_by_idx
    return shortest_thread_seconds(lambda: work(*pointers, DIM, *rows.shape)) / (rows.size * DIM)


if __name__ == "__main__":
    sys.exit(main())
