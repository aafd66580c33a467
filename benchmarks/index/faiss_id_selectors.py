"""One filter, at random, and the ways in which FAISS's users would ask with it.

    python -m benchmarks.index.faiss_id_selectors DRAWN --build BUILD --out results/selectors.json

The same questions, of two modalities, among the images that a filter keeps: galsearch; and indexes
of FAISS with each of its selectors (an array, a hashed set, a bitmap), swept over lists read or
candidates kept until recall@10 is .95. One thread, its CPU time, the shortest of three runs.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.compare_engines import best_cosines, prepare
from benchmarks.index.engines.engine_protocol import Rows, Vectors, power_of_two, sample
from benchmarks.index.filtered_search import GOAL, K, choose, fastest, recall
from galsearch.core.modality import Modality
from galsearch.index import GalaxyIndex, open_build
from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.search.row_filter import Selection

AMONG = Modality.IMAGE
INDEXES = ("IVF{lists},Flat", "IVF{lists},SQ8", "IVF{lists},PQ{quarter},RFlat", "HNSW32,Flat")
SELECTORS = ("IDSelectorArray", "IDSelectorBatch", "IDSelectorBitmap")
PROBES = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Lists read; as many times 8 are candidates that a graph keeps."""
K_FACTOR = 8
N_SLOW = 20
"""Questions of a setting that takes more than a hundredth of a second each."""


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Selectors.")
    parser.add_argument("drawn", type=Path, help="what benchmarks.index.synthetic_vectors wrote")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--n", type=int, default=200, help="questions")
    parser.add_argument("--indexes", nargs="+", default=list(INDEXES))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    prepare(arguments.drawn, AMONG)
    vectors = np.load(arguments.drawn / f"vectors-{AMONG}.npy", mmap_mode="r")
    index = open_build(arguments.build)
    with np.load(arguments.drawn / "questions.npz") as asked:
        questions = {
            using: np.ascontiguousarray(asked[using][: arguments.n], np.float32)
            for using in Modality
        }
    selection = choose(index, AMONG, questions[AMONG], "random", arguments.share)
    results: dict[str, Any] = {"n": len(vectors), "n_allowed": len(selection), "ways": {}}
    results["ways"]["galsearch"] = {
        using: ours(index, using, vectors, asking, selection) for using, asking in questions.items()
    }
    for name in arguments.indexes:
        built = build(name, vectors)
        for selector in SELECTORS:
            results["ways"][f"{name} {selector}"] = {
                using: theirs(built, selector, vectors, asking, selection)
                for using, asking in questions.items()
            }
            arguments.out.write_text(json.dumps(results) + "\n", "utf-8")
    print(table(results))
    return 0


def ours(
    index: GalaxyIndex, using: Modality, vectors: Vectors, questions: Vectors, selection: Selection
) -> dict[str, float]:
    """Recall, and queries a second in one call and one by one."""

    def ask(some: Vectors) -> Rows:
        answers = index.search(some, using=using, among=AMONG, k=K, selection=selection)
        return index.stored(AMONG).rows_of(np.concatenate([a.target_ids for a in answers]))

    rows = ask(questions).reshape(len(questions), K)
    return timed(ask, questions) | {
        "recall": recall(vectors, questions, rows, least(vectors, questions, selection))
    }


def least(vectors: Vectors, questions: Vectors, selection: Selection) -> Any:
    """(q, 1) the tenth largest cosine with a vector that is kept."""
    return best_cosines(vectors[selection.rows], questions)[:, K - 1 : K]


def timed(ask: Callable[[Vectors], object], questions: Vectors) -> dict[str, float]:
    """Queries a second of CPU, in one call and one by one."""
    some = questions[:N_SLOW]
    if fastest(partial(ask, some)) < len(some) / 100:
        some = questions
    singles = fastest(lambda: [ask(some[at : at + 1]) for at in range(len(some))])
    return {
        "queries_per_second": len(some) / fastest(partial(ask, some)),
        "queries_per_second_one_by_one": len(some) / singles,
    }


def build(name: str, vectors: Vectors) -> Any:
    """An index of FAISS, trained and filled."""
    n, dim = vectors.shape
    lists = power_of_two(4 * math.sqrt(n))
    index = faiss.index_factory(dim, name.format(lists=lists, quarter=dim // 4), faiss.METRIC_L2)
    index.train(sample(vectors, 39 * lists))
    for start in range(0, n, 50_000):
        index.add(np.ascontiguousarray(vectors[start : start + 50_000], np.float32))
    return index


def theirs(
    index: Any, selector: str, vectors: Vectors, questions: Vectors, selection: Selection
) -> dict[str, float]:
    """The first setting of recall `GOAL`, or the one of most."""
    allowed = selection.bitmap if selector == "IDSelectorBitmap" else selection.rows
    chosen = getattr(faiss, selector)(allowed)
    truth = least(vectors, questions, selection)
    best: dict[str, float] = {"recall": -1.0}
    for n_probe in PROBES:
        parameters = parameters_of(index, n_probe, chosen)

        def ask(some: Vectors, how: Any = parameters) -> Rows:
            return np.asarray(index.search(some, K, params=how)[1])

        reached = recall(vectors, questions, ask(questions), truth)
        if reached > best["recall"]:
            best = {"recall": reached, "n_probe": n_probe}
        if reached >= GOAL:
            break
    how = parameters_of(index, int(best["n_probe"]), chosen)
    return best | timed(lambda some: index.search(some, K, params=how), questions)


def parameters_of(index: Any, n_probe: int, selector: Any) -> Any:
    """What a search with a selector takes."""
    if isinstance(index, faiss.IndexRefine):
        base = parameters_of(faiss.downcast_index(index.base_index), n_probe, selector)
        return faiss.IndexRefineSearchParameters(k_factor=K_FACTOR, base_index_params=base)
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=8 * n_probe, sel=selector)
    if isinstance(index, faiss.IndexIVFPQ):
        return faiss.IVFPQSearchParameters(nprobe=n_probe, sel=selector)
    return faiss.SearchParametersIVF(nprobe=n_probe, sel=selector)


def table(results: dict[str, Any]) -> str:
    """One line a way, as Markdown."""
    lines = [
        "| way | images ask: recall@10, queries/s in one call, one by one | spectra ask |",
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
