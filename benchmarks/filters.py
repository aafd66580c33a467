"""Filtered search: recall, speed, forbidden ids, beside a FAISS search with an id selector.

    python -m benchmarks.filters BUILD --questions DRAWN/questions.npz --out results/filters.json

Filters of five selectivities, three kinds: at random, galaxies like those that ask, and galaxies
unlike them (where filter and question disagree). FAISS searches the same inverted lists with its
own selector and twice as many lists until its recall reaches ours.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index import GalaxyIndex, open_build
from galsearch.index.library import faiss
from galsearch.index.manifest import INVERTED_LISTS_NAME
from galsearch.index.selection import Selection
from galsearch.index.stored import Ids, Vectors

K = 10
SELECTIVITIES = (1.0, 0.1, 0.01, 1e-3, 1e-4)
KINDS = ("random", "alike", "unlike")


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description="Filters.")
    parser.add_argument("build", type=Path)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--n", type=int, default=200, help="questions a filter")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    index = open_build(arguments.build)
    results: dict[str, Any] = {"n": len(index), "load_average": os.getloadavg()[0], "filters": []}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with np.load(arguments.questions) as asked:
        for using, among in DIRECTIONS:
            questions = np.ascontiguousarray(asked[using][: arguments.n], np.float32)
            for kind in KINDS:
                for share in SELECTIVITIES:
                    allowed = choose(index, among, questions, kind, share)
                    found = one_filter(index, using, among, questions, allowed)
                    results["filters"].append(
                        {"using": using, "among": among, "kind": kind, "share": share, **found}
                    )
                    arguments.out.write_text(json.dumps(results) + "\n", "utf-8")
    print(table(results))
    return 0


def choose(index: GalaxyIndex, among: Modality, questions: Vectors, kind: str, share: float) -> Ids:
    """TARGETIDs of a share of the stored vectors, at least one."""
    stored = index.stored(among)
    n = max(1, round(share * len(stored)))
    if kind == "random":
        return np.sort(np.random.default_rng(7).choice(stored.ids, n, replace=False))
    centre = questions.mean(axis=0)
    parts = [(stored.ids_at(rows), vectors @ centre) for rows, vectors in stored.blocks()]
    ids, likeness = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(likeness if kind == "unlike" else -likeness)
    return np.sort(ids[order[:n]])


def one_filter(
    index: GalaxyIndex, using: Modality, among: Modality, questions: Vectors, allowed: Ids
) -> dict[str, Any]:
    """Ours, one by one and in one call, and FAISS's selector at equal recall."""
    selection = index.select(allowed, among)

    def ask(some: Vectors, *, exact: bool = False) -> list[Any]:
        return index.search(some, using=using, among=among, k=K, selection=selection, exact=exact)

    truth = ask(questions, exact=True)
    answers = ask(questions)
    start = time.perf_counter()
    ask(questions)
    batch = time.perf_counter() - start
    start = time.perf_counter()
    for at in range(len(questions)):
        ask(questions[at : at + 1])
    singles = time.perf_counter() - start
    least = [true.similarity[-1] for true in truth]
    recall = float(
        np.mean([np.mean(a.similarity >= t - 1e-6) for a, t in zip(answers, least, strict=True)])
    )
    return {
        "n_allowed": len(selection),
        "recall": recall,
        "exact_share": float(np.mean([answer.exact for answer in answers])),
        "n_forbidden": sum(int((~np.isin(a.target_ids, allowed)).sum()) for a in answers),
        "n_short": sum(len(a.target_ids) < min(K, len(selection)) for a in answers),
        "queries_per_second": len(questions) / batch,
        "queries_per_second_one_by_one": len(questions) / singles,
        "faiss": by_selector(index, among, questions, selection, least, recall),
    }


def by_selector(
    index: GalaxyIndex,
    among: Modality,
    questions: Vectors,
    selection: Selection,
    least: list[float],
    goal: float,
) -> dict[str, float] | None:
    """FAISS with `IDSelectorBatch` and re-ranking, lists doubled until recall reaches `goal`."""
    path = index.directory / among / INVERTED_LISTS_NAME
    if not path.exists():
        return None
    lists = faiss.read_index(str(path))
    stored = index.stored(among)
    selector = faiss.IDSelectorBatch(selection.rows)
    kind = faiss.IVFPQSearchParameters
    parameters = kind if isinstance(lists, faiss.IndexIVFPQ) else faiss.SearchParametersIVF
    found: dict[str, float] = {}
    n_probe, depth = 8, 20 * K
    while True:
        asked = parameters(nprobe=min(n_probe, lists.nlist), sel=selector)
        start = time.perf_counter()
        _, rows = lists.search(questions, depth, params=asked)
        hits = []
        for question, own in zip(questions, rows, strict=True):
            cosines = stored.take(own[own >= 0]) @ question
            hits.append(-np.sort(-cosines)[:K])
        seconds = time.perf_counter() - start
        n = min(K, len(selection))
        shares = [np.sum(h >= t - 1e-6) / n for h, t in zip(hits, least, strict=True)]
        found = {
            "n_probe": min(n_probe, lists.nlist),
            "recall": float(np.mean(shares)),
            "queries_per_second": len(questions) / seconds,
        }
        if found["recall"] >= goal or n_probe >= lists.nlist:
            return found
        n_probe *= 2


def table(results: dict[str, Any]) -> str:
    """One line a filter, as Markdown."""
    lines = [
        "| using | among | filter | share | recall@10 | exact | forbidden, short "
        "| queries/s in one call, one by one | FAISS selector: recall, queries/s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["filters"]:
        peer = entry["faiss"]
        beside = f"{peer['recall']:.3f}, {peer['queries_per_second']:,.0f}" if peer else "-"
        lines.append(
            f"| {entry['using']} | {entry['among']} | {entry['kind']} | {entry['share']:g} "
            f"| {entry['recall']:.3f} | {entry['exact_share']:.2f} "
            f"| {entry['n_forbidden']}, {entry['n_short']} | {entry['queries_per_second']:,.0f}, "
            f"{entry['queries_per_second_one_by_one']:,.0f} | {beside} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
