"""The weights of `galsearch/index/plan/cost.py`: what a code, a list, a component, a vector cost.

    python -m benchmarks.index.calibrate_costs

One thread, its CPU time, questions one by one; vectors drawn at random: only times are looked at.
Each figure is the shortest of several runs; the weights are their ratios to one looked-up 8-bit
code. Lists lie in more memory than a core keeps at hand, as those of a survey do.
"""

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from galsearch.index.ivf.coarse_quantiser import walk
from galsearch.index.ivf.faiss_api import faiss

N, DIM, N_LISTS, N_QUESTIONS = 60_000, 128, 64, 100
N_FAR, SHORT, FEW, MANY = 500_000, 32, 256, 4096
"""Vectors and components of the lists that are looked at one by one, in few lists or in many."""
REPEATS = 7


def main() -> int:
    """Print nanoseconds and weights."""
    faiss.omp_set_num_threads(1)
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(N, DIM)).astype(np.float32)
    scalar, visited = scalar_seconds(generator)
    seconds = {
        "8-bit code": code_seconds(vectors, "PQ32x8np", 32),
        "4-bit code": code_seconds(vectors, "PQ64x4fsr", 64),
        "scalar component": scalar,
        "list": visited,
        "list by products": products_seconds(generator),
        "short component": short_seconds(vectors),
        "scanned component": scan_seconds(vectors),
        "scattered component": scattered_seconds(vectors, generator),
    }
    unit = seconds["8-bit code"]
    for name, value in seconds.items():
        print(f"{name:20} {1e9 * value:10.4f} ns {value / unit:10.4f}")
    return 0


def shortest(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of several runs."""
    found = []
    for _ in range(REPEATS):
        start = time.thread_time()
        work()
        found.append(time.thread_time() - start)
    return min(found)


def scalar_seconds(generator: np.random.Generator) -> tuple[float, float]:
    """Of one component in 8 bits, and of one list that a graph finds."""
    vectors = generator.normal(size=(N_FAR, SHORT)).astype(np.float32)

    def make(n_lists: int) -> Any:
        graph = faiss.IndexHNSWFlat(SHORT, 16)
        graph.add(vectors[:n_lists])
        kind = faiss.ScalarQuantizer.QT_8bit
        return faiss.IndexIVFScalarQuantizer(graph, SHORT, n_lists, kind, faiss.METRIC_L2, True)

    a_vector, a_list = solved(make, vectors, generator, walk)
    return a_vector / SHORT, a_list


def products_seconds(generator: np.random.Generator) -> float:
    """Of one list of few 4-bit codes, where one table of products serves all lists."""
    vectors = generator.normal(size=(N_FAR, SHORT)).astype(np.float32)

    def make(n_lists: int) -> Any:
        flat = faiss.IndexFlatIP(SHORT)
        flat.add(vectors[:n_lists])
        metric = faiss.METRIC_INNER_PRODUCT
        index = faiss.IndexIVFPQFastScan(flat, SHORT, n_lists, SHORT, 4, metric)
        index.by_residual = True
        return index

    return solved(make, vectors, generator, lambda _: None)[1]


def solved(
    make: Callable[[int], Any],
    vectors: Any,
    generator: np.random.Generator,
    finding: Callable[[int], Any],
) -> tuple[float, float]:
    """Of one vector, and of one list: what lists of two sizes take, solved."""
    asked = generator.normal(size=(N_QUESTIONS, SHORT)).astype(np.float32)
    by_list = []
    for n_lists in (FEW, MANY):
        index = make(n_lists)
        index.train(vectors[:20_000])
        index.add(vectors)
        few, many = (
            shortest(partial(one_by_one, index, asked, n_probe, finding(n_probe))) / N_QUESTIONS
            for n_probe in (4, 24)
        )
        by_list.append((many - few) / 20)
    a_list_of_few, a_list_of_many = by_list
    vector = (a_list_of_few - a_list_of_many) / (N_FAR / FEW - N_FAR / MANY)
    return vector, a_list_of_many - vector * N_FAR / MANY


def one_by_one(index: Any, asked: Any, n_probe: int, finding: Any) -> None:
    """Each question in a call of its own; `finding`: how its lists are found."""
    parameters = faiss.SearchParametersIVF(nprobe=n_probe, quantizer_params=finding)
    for at in range(len(asked)):
        index.search(asked[at : at + 1], 16, params=parameters)


def code_seconds(vectors: Any, codes: str, n_subvectors: int) -> float:
    """Of one code: the difference between visiting all lists and an eighth of them."""
    index = faiss.index_factory(DIM, f"IVF{N_LISTS},{codes}", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = 4
    if hasattr(index, "pq"):
        index.pq.cp.niter = 4
    index.train(vectors[:20_000])
    index.add(vectors)
    fast = not isinstance(index, faiss.IndexIVFPQ)
    parameters = faiss.SearchParametersIVF if fast else faiss.IVFPQSearchParameters

    def one_by_one(n_probe: int) -> None:
        for at in range(10):
            index.search(vectors[at : at + 1], 100, params=parameters(nprobe=n_probe))

    few, all_lists = (shortest(partial(one_by_one, n)) for n in (N_LISTS // 8, N_LISTS))
    return (all_lists - few) / (10 * 7 / 8 * N * n_subvectors)


def short_seconds(vectors: Any) -> float:
    """Of one component of 32 that FAISS compares in single precision, all in sequence."""
    short = vectors[:, :32].copy()
    index = faiss.IndexFlatL2(32)
    index.add(short)
    return shortest(lambda: index.search(short[:1], 20)) / (N * 32)


def scan_seconds(vectors: Any) -> float:
    """Of one component that is compared in the order in which it lies."""
    return shortest(lambda: vectors[:1] @ vectors.T) / (N * DIM)


def scattered_seconds(vectors: Any, generator: np.random.Generator) -> float:
    """Of one component of a vector fetched from its place."""
    rows = generator.integers(0, N, (N_QUESTIONS, 200))
    products = np.empty(rows.shape, np.float32)
    pointers = [faiss.swig_ptr(a) for a in (products, vectors[:N_QUESTIONS], vectors, rows)]
    work = faiss.fvec_inner_products_by_idx
    return shortest(lambda: work(*pointers, DIM, *rows.shape)) / (rows.size * DIM)


if __name__ == "__main__":
    sys.exit(main())
