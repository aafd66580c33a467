"""Filtered search: recall, speed, forbidden ids, beside a FAISS search with an id selector.

    python -m benchmarks.index.filtered_search DRAWN --build BUILD --out results/filters.json

Filters of five selectivities and three kinds: at random, galaxies like those that ask, and
galaxies unlike them (where filter and question disagree). Recall is that of the ids found against
exact search of the vectors that were embedded. FAISS searches the same inverted lists with its own
`IDSelectorBitmap`, and its candidates are re-ranked by the same code as ours, all questions in one
call; it is swept over lists and candidates, and its fastest setting of recall .95 counts. One
thread, its CPU time, the shortest of three runs. What a user would write with other indexes and
selectors of FAISS: `benchmarks.index.faiss_id_selectors`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.compare_engines import best_cosines, prepare, true_cosines
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index import GalaxyIndex, open_build
from galsearch.index.ivf.faiss_api import faiss, flat_index
from galsearch.index.search.rerank import decide
from galsearch.index.search.row_filter import Selection
from galsearch.index.vectors.stored_vectors import Rows, Vectors

K = 10
GOAL = 0.95
SELECTIVITIES = (1.0, 0.1, 0.01, 1e-3, 1e-4)
KINDS = ("random", "alike", "unlike")
PROBES = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
DEPTHS = (12, 20, 40, 80)
GRAPH_UP_TO = 48
N_FORBIDDEN = 100_000
"""Filtered questions in all, after which a forbidden id is looked for."""
TIE = 1e-12


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Filters.")
    parser.add_argument("drawn", type=Path, help="what benchmarks.index.synthetic_vectors wrote")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--n", type=int, default=200, help="questions a filter")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS)
    parser.add_argument("--forbidden", type=int, default=N_FORBIDDEN)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    index = open_build(arguments.build)
    results: dict[str, Any] = {"n": len(index), "n_questions": arguments.n, "filters": []}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with np.load(arguments.drawn / "questions.npz") as asked:
        for using, among in DIRECTIONS:
            prepare(arguments.drawn, among)
            vectors = np.load(arguments.drawn / f"vectors-{among}.npy", mmap_mode="r")
            questions = np.ascontiguousarray(asked[using][: arguments.n], np.float32)
            for kind in arguments.kinds:
                for share in SELECTIVITIES:
                    selection = choose(index, among, questions, kind, share)
                    found = one_filter(index, using, among, vectors, questions, selection)
                    results["filters"].append(
                        {"using": using, "among": among, "kind": kind, "share": share, **found}
                    )
                    arguments.out.write_text(json.dumps(results) + "\n", "utf-8")
        results["forbidden"] = forbidden(index, asked, arguments.forbidden)
    results["load_average"] = os.getloadavg()[0]
    arguments.out.write_text(json.dumps(results) + "\n", "utf-8")
    print(table(results))
    return 0


def choose(
    index: GalaxyIndex, among: Modality, questions: Vectors, kind: str, share: float
) -> Selection:
    """A share of the stored vectors, at least one."""
    stored = index.stored(among)
    n = max(1, round(share * len(stored)))
    if kind == "random":
        ids = np.random.default_rng(7).choice(stored.ids, n, replace=False)
    else:
        centre = questions.mean(axis=0)
        parts = [(stored.ids_at(rows), vectors @ centre) for rows, vectors in stored.blocks()]
        known, likeness = (np.concatenate(column) for column in zip(*parts, strict=True))
        ids = known[np.argsort(likeness if kind == "unlike" else -likeness)[:n]]
    return index.select(np.sort(ids), among)


def one_filter(
    index: GalaxyIndex,
    using: Modality,
    among: Modality,
    vectors: Vectors,
    questions: Vectors,
    selection: Selection,
) -> dict[str, Any]:
    """Ours, one by one and in one call, and FAISS's selector."""
    allowed = index.stored(among).ids_at(selection.rows)
    least = best_cosines(vectors[selection.rows], questions)[:, : min(K, len(selection))][:, -1:]

    def ask(some: Vectors) -> list[Any]:
        return index.search(some, using=using, among=among, k=K, selection=selection)

    answers = ask(questions)
    batch = fastest(lambda: ask(questions))
    singles = fastest(lambda: [ask(questions[at : at + 1]) for at in range(len(questions))])
    rows = np.stack([index.stored(among).rows_of(answer.target_ids) for answer in answers])
    return {
        "n_allowed": len(selection),
        "recall": recall(vectors, questions, rows, least),
        "exact_share": float(np.mean([answer.exact for answer in answers])),
        "n_forbidden": sum(int((~np.isin(a.target_ids, allowed)).sum()) for a in answers),
        "n_short": sum(len(a.target_ids) < min(K, len(selection)) for a in answers),
        "queries_per_second": len(questions) / batch,
        "queries_per_second_one_by_one": len(questions) / singles,
        "faiss": by_selector(index, (using, among), vectors, questions, selection, least),
    }


def recall(vectors: Vectors, questions: Vectors, rows: Rows, least: Any) -> float:
    """Share of the answers that are as near as the tenth of exact search."""
    wanted = min(K, rows.shape[1])
    near = true_cosines(vectors, questions, rows) >= least - TIE
    return float(np.minimum(near.sum(axis=1), wanted).mean() / wanted)


def fastest(work: Callable[[], object]) -> float:
    """CPU seconds of the shortest of three runs."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def by_selector(
    index: GalaxyIndex,
    direction: tuple[Modality, Modality],
    vectors: Vectors,
    questions: Vectors,
    selection: Selection,
    least: Any,
) -> dict[str, float] | None:
    """FAISS with a selector and re-ranking: its fastest setting of recall `GOAL`, or its best."""
    using, among = direction
    opened = index.modality(among)
    ours = opened.lists_for(crossing=using != among)
    if ours is None:
        return None
    stored, n_lists = opened.stored, ours.n_lists
    lists = ours.index
    asking = ours.asked(questions)
    graph = faiss.downcast_index(lists.quantizer)
    by_graph = isinstance(graph, faiss.IndexHNSW) and ours.plan.metric == "l2"
    compared = flat_index(ours.plan.n_components, ours.plan.metric)
    compared.add(ours.centroids(np.arange(n_lists)))
    selector = faiss.IDSelectorBitmap(selection.bitmap)

    def ask(n_probe: int, depth: int) -> Rows:
        # A wide walk over the graph of the centroids misses some: then all are compared.
        walk = None
        if by_graph and n_probe <= GRAPH_UP_TO:
            walk = faiss.SearchParametersHNSW(efSearch=max(16, 2 * n_probe))
        lists.quantizer = compared if walk is None else graph
        parameters = faiss.SearchParametersIVF(nprobe=n_probe, sel=selector, quantizer_params=walk)
        rows = lists.search(asking, depth, params=parameters)[1]
        answers = decide(stored, rows, questions, k=K)
        return padded([stored.rows_of(ids) for ids, _ in answers], min(K, len(selection)))

    best: dict[str, float] = {"recall": -1.0}
    for n_probe in PROBES:
        for depth in DEPTHS:
            if n_probe > n_lists:
                continue
            reached = recall(vectors, questions, ask(n_probe, depth), least)
            if reached >= GOAL or reached > best["recall"]:
                seconds = fastest(lambda n=n_probe, d=depth: ask(n, d))  # type: ignore[misc]
                speed = len(questions) / seconds
                if best["recall"] < GOAL or speed > best["queries_per_second"]:
                    best = {
                        "n_probe": n_probe,
                        "depth": depth,
                        "recall": reached,
                        "queries_per_second": speed,
                    }
            if reached >= GOAL:
                break
        if best["recall"] >= GOAL and n_probe >= 4 * best["n_probe"]:
            break
    lists.quantizer = graph
    return best


def padded(rows: list[Rows], width: int) -> Rows:
    """(q, width) with -1 where there are fewer."""
    found = np.full((len(rows), width), -1)
    for own, some in zip(found, rows, strict=True):
        own[: len(some)] = some[:width]
    return found


def forbidden(index: GalaxyIndex, asked: Any, n: int) -> dict[str, int]:
    """Questions with filters of many sizes, and how many of all ids found were not allowed."""
    generator = np.random.default_rng(3)
    counts = {"questions": 0, "ids": 0, "forbidden": 0, "short": 0}
    while counts["questions"] < n:
        using, among = DIRECTIONS[int(generator.integers(len(DIRECTIONS)))]
        stored = index.stored(among)
        share = 10 ** generator.uniform(-5, 0)
        ids = generator.choice(stored.ids, max(1, round(share * len(stored))), replace=False)
        selection = index.select(np.sort(ids), among)
        allowed = np.zeros(stored.n_rows, bool)
        allowed[selection.rows] = True
        questions = np.ascontiguousarray(asked[using][:1000], np.float32)
        for answer in index.search(questions, using=using, among=among, k=K, selection=selection):
            counts["ids"] += len(answer.target_ids)
            counts["forbidden"] += int((~allowed[stored.rows_of(answer.target_ids)]).sum())
            counts["short"] += int(len(answer.target_ids) < min(K, len(ids)))
        counts["questions"] += len(questions)
    return counts


def table(results: dict[str, Any]) -> str:
    """One line a filter, as Markdown."""
    lines = [
        "| using | among | filter | share | recall@10 | exact | forbidden, short "
        "| queries/s in one call, one by one | FAISS selector: recall, queries/s | times |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["filters"]:
        peer = entry["faiss"]
        beside, ratio = "-", ""
        if peer:
            beside = f"{peer['recall']:.3f}, {peer['queries_per_second']:,.0f}"
            ratio = f"{entry['queries_per_second'] / peer['queries_per_second']:.1f}"
        lines.append(
            f"| {entry['using']} | {entry['among']} | {entry['kind']} | {entry['share']:g} "
            f"| {entry['recall']:.3f} | {entry['exact_share']:.2f} "
            f"| {entry['n_forbidden']}, {entry['n_short']} | {entry['queries_per_second']:,.0f}, "
            f"{entry['queries_per_second_one_by_one']:,.0f} | {beside} | {ratio} |"
        )
    checked = results["forbidden"]
    lines.append(
        f"\n{checked['questions']:,} more filtered questions: {checked['forbidden']} of "
        f"{checked['ids']:,} ids were not allowed, {checked['short']} answers were too short."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
