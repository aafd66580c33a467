"""One random filter, searched by galsearch and by FAISS with each of its id selectors.

    python -m benchmarks.index.faiss_id_selectors SYNTHETIC --build BUILD --out selectors.json

Queries of both modalities search the images that the filter allows. FAISS is measured with several
index types and selectors (an array, a hashed set, a bitmap), swept over probed lists, or over
candidates of a graph, until recall@10 reaches .95. Speeds are CPU times with one thread, the
shortest of three runs.

Limits of this comparison: the sweep covers only `nprobe` (and `efSearch`), not
`SearchParametersIVF.max_codes` with `ensure_topk_full` (FAISS >= 1.14.2), which adapts the number
of probed lists to the filter.
"""

import argparse
import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.engines.engine_protocol import power_of_two, sample_rows
from benchmarks.index.exact_cosines import (
    QUERIES_FILE,
    K,
    best_cosines,
    mean_recall,
    prepare_exact,
)
from benchmarks.index.filtered_search import TARGET_RECALL, choose_galaxies, shortest_cpu_seconds
from galsearch.core.arrays import Float64Array, Rows, Vectors
from galsearch.core.modality import Modality
from galsearch.files.atomic import write_json
from galsearch.index import GalaxyIndex, open_build
from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.search.row_filter import RowFilter

AMONG = Modality.IMAGE
INDEXES = ("IVF{lists},Flat", "IVF{lists},SQ8", "IVF{lists},PQ{quarter},RFlat", "HNSW32,Flat")
SELECTORS = ("IDSelectorArray", "IDSelectorBatch", "IDSelectorBitmap")
PROBES = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Numbers of probed lists in the sweep; for a graph the sweep is over `efSearch`, 8 times these
numbers.
"""
K_FACTOR = 8
N_SLOW = 20
"""Number of queries with which a setting is timed if it takes more than 10 ms for each query."""


def main() -> int:
    """Measure galsearch and every pair of FAISS index and id selector, and print the table; returns
    the exit status.
    """
    arguments = parse()
    faiss.omp_set_num_threads(1)
    prepare_exact(arguments.synthetic, AMONG)
    vectors = np.load(arguments.synthetic / f"vectors-{AMONG}.npy", mmap_mode="r")
    index = open_build(arguments.build)
    with np.load(arguments.synthetic / QUERIES_FILE) as stored:
        queries = {
            using: np.ascontiguousarray(stored[using][: arguments.n], np.float32)
            for using in Modality
        }
    row_filter = choose_galaxies(index, AMONG, queries[AMONG], "random", arguments.share)
    least = {using: least_cosines(vectors, some, row_filter) for using, some in queries.items()}
    ways: dict[str, Any] = {}
    results: dict[str, Any] = {"n": len(vectors), "n_allowed": len(row_filter), "ways": ways}
    ways["galsearch"] = {
        using: measure_galsearch(index, using, vectors, some, row_filter, least[using])
        for using, some in queries.items()
    }
    for name in arguments.indexes:
        built = build_faiss(name, vectors)
        for selector in SELECTORS:
            chosen = make_selector(selector, row_filter)
            ways[f"{name} {selector}"] = {
                using: measure_faiss(built, chosen, vectors, some, least[using])
                for using, some in queries.items()
            }
            write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


def parse() -> argparse.Namespace:
    """The options of the benchmark of id selectors, parsed from the command line."""
    parser = argparse.ArgumentParser(description="Compare id selectors of FAISS with galsearch.")
    add = parser.add_argument
    add("synthetic", type=Path, help="directory that benchmarks.index.synthetic_vectors wrote")
    add("--build", type=Path, required=True, help="galsearch build of these vectors")
    add("--share", type=float, default=0.01, help="share of the galaxies that the filter allows")
    add("--n", type=int, default=200, help="queries of each modality")
    add("--indexes", nargs="+", default=list(INDEXES), help="factory strings of FAISS")
    add("--out", type=Path, required=True, help="JSON file of results")
    return parser.parse_args()


def measure_galsearch(
    index: GalaxyIndex,
    using: Modality,
    vectors: Vectors,
    queries: Vectors,
    row_filter: RowFilter,
    least: Float64Array,
) -> dict[str, float]:
    """Recall of galsearch's filtered search, and queries per second in one call and one by one."""

    def search(some: Vectors) -> Rows:
        found = index.search(some, using=using, among=AMONG, k=K, row_filter=row_filter)
        return found.rows

    recall = mean_recall(vectors, queries, search(queries), least)
    return speeds(search, queries) | {"recall": recall}


def least_cosines(vectors: Vectors, queries: Vectors, row_filter: RowFilter) -> Float64Array:
    """(q, 1) tenth largest cosine of each query with the vectors that the filter allows."""
    return best_cosines(vectors[row_filter.rows], queries)[:, K - 1 : K]


def speeds(search: Callable[[Vectors], object], queries: Vectors) -> dict[str, float]:
    """Queries per CPU second of a search function, in one call and one by one."""
    some = queries[:N_SLOW]
    if shortest_cpu_seconds(partial(search, some)) < len(some) / 100:
        some = queries
    singles = shortest_cpu_seconds(
        lambda: [search(some[row : row + 1]) for row in range(len(some))]
    )
    return {
        "queries_per_second": len(some) / shortest_cpu_seconds(partial(search, some)),
        "queries_per_second_one_by_one": len(some) / singles,
    }


def build_faiss(name: str, vectors: Vectors) -> Any:
    """A FAISS index of the type that a factory string names, trained on a sample and filled with
    the vectors.
    """
    n, dim = vectors.shape
    lists = power_of_two(4 * math.sqrt(n))
    index = faiss.index_factory(dim, name.format(lists=lists, quarter=dim // 4), faiss.METRIC_L2)
    index.train(sample_rows(vectors, 39 * lists))
    for start in range(0, n, 50_000):
        index.add(np.ascontiguousarray(vectors[start : start + 50_000], np.float32))
    return index


def make_selector(name: str, row_filter: RowFilter) -> Any:
    """A FAISS id selector, of the class that `name` gives, for the rows that a filter selects."""
    allowed = row_filter.bitmap if name == "IDSelectorBitmap" else row_filter.rows
    return getattr(faiss, name)(allowed)


def measure_faiss(
    index: Any, selector: Any, vectors: Vectors, queries: Vectors, least: Float64Array
) -> dict[str, float]:
    """Recall and speed of FAISS at the first setting that reaches `TARGET_RECALL`, else at the
    setting of highest recall.
    """
    best: dict[str, float] = {"recall": -1.0}
    for n_probe in PROBES:
        parameters = parameters_of(index, n_probe, selector)
        rows = np.asarray(index.search(queries, K, params=parameters)[1])
        recall = mean_recall(vectors, queries, rows, least)
        if recall > best["recall"]:
            best = {"recall": recall, "n_probe": n_probe}
        if recall >= TARGET_RECALL:
            break
    chosen = parameters_of(index, int(best["n_probe"]), selector)
    return best | speeds(lambda some: index.search(some, K, params=chosen), queries)


def parameters_of(index: Any, n_probe: int, selector: Any) -> Any:
    """FAISS search parameters, of the class that fits the type of an index, with an id selector."""
    if isinstance(index, faiss.IndexRefine):
        base = parameters_of(faiss.downcast_index(index.base_index), n_probe, selector)
        return faiss.IndexRefineSearchParameters(k_factor=K_FACTOR, base_index_params=base)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=8 * n_probe, sel=selector)
    if isinstance(index, faiss.IndexIVFPQ):
        return faiss.IVFPQSearchParameters(nprobe=n_probe, sel=selector)
    return faiss.SearchParametersIVF(nprobe=n_probe, sel=selector)


def table(results: dict[str, Any]) -> str:
    """Markdown table with one row for galsearch and for each index and selector of FAISS."""
    lines = [
        "| index and selector | image queries: recall@10, queries/s in one call, one by one "
        "| spectrum queries |",
        "|---|---|---|",
    ]
    for name, found in results["ways"].items():
        cells = [
            f"{own['recall']:.3f}, {own['queries_per_second']:,.0f}, "
            f"{own['queries_per_second_one_by_one']:,.0f}"
            for own in found.values()
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
