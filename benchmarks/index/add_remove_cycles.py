"""A build after many changes beside one built from what it should hold.

    python -m benchmarks.index.add_remove_cycles DRAWN --steps 50 --work DIR --out results/churn.json

A build of all but 30 per cent of the galaxies of `benchmarks.index.synthetic_vectors` has so many removed and as
many added in equal steps. After each step questions are asked and every TARGETID that was removed
until then is looked for among the answers. In the end the same questions go to the build and to
one made anew, both against exact search; to the build at the settings of the one made anew, too;
and again after `compact`.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.embeddings import EmbeddingShard, open_store, write_shard
from galsearch.embeddings.store import StoreRecord, write_record
from galsearch.index import (
    GalaxyIndex,
    IndexRecipe,
    add,
    build_index,
    compact,
    open_build,
    remove,
)
from galsearch.index.vectors.stored_vectors import Ids

K = 10
SHARE = 0.3
TIE = 1e-7
"""Cosines that differ by less are equal: the rounding of single precision."""


def main() -> int:
    """Change a build step by step and measure what it has become."""
    parser = argparse.ArgumentParser(description="Churn.")
    parser.add_argument("drawn", type=Path)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--work", type=Path, required=True, help="directory for the builds")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    ids = np.sort(np.concatenate(list(open_store(arguments.drawn, Modality.IMAGE).iter_ids())))
    order = np.random.default_rng(1).permutation(ids)
    n_changed = round(SHARE * len(ids) / (1 + SHARE))
    first, later = order[n_changed:], order[:n_changed]
    gone = first[:n_changed]
    work = arguments.work
    shutil.rmtree(work, ignore_errors=True)
    recipe = IndexRecipe(name="churn")
    build_index(recipe, embeddings=part(arguments.drawn, first, work / "first"), out=work / "live")
    seconds, returned = [], 0
    leaving, coming = (np.array_split(some, arguments.steps) for some in (gone, later))
    for number, (out_now, in_now) in enumerate(zip(leaving, coming, strict=True)):
        embeddings = part(arguments.drawn, in_now, work / f"step-{number}")
        start = time.perf_counter()
        remove(out_now, index=work / "live")
        add(embeddings, index=work / "live")
        seconds.append(time.perf_counter() - start)
        returned += came_back(work / "live", arguments.drawn, gone, number, arguments.steps)
    kept = np.concatenate([first[n_changed:], later])
    build_index(recipe, embeddings=part(arguments.drawn, kept, work / "last"), out=work / "anew")
    results = {
        "n": len(kept),
        "steps": arguments.steps,
        "step_seconds": seconds,
        "removed_found_in_steps": returned,
        "directions": compare(work, arguments.drawn, gone),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results) + "\n", "utf-8")
    print(table(results))
    return 0


def compare(work: Path, drawn: Path, gone: Ids) -> list[dict[str, Any]]:
    """Each direction of the changed build, of the one made anew, and of the changed compacted."""
    anew = open_build(work / "anew")
    found = []
    with np.load(drawn / "questions.npz") as questions:
        live = open_build(work / "live")
        for using, among in DIRECTIONS:
            found.append(direction(live, anew, using, among, questions[using], gone))
        live.release()
        compact(work / "live")
        compacted = open_build(work / "live")
        for entry in found:
            using, among = entry["using"], entry["among"]
            truth = anew.search(questions[using], using=using, among=among, k=K, exact=True)
            answers = compacted.search(questions[using], using=using, among=among, k=K)
            entry["compacted_found"] = as_near(answers, truth)
    return found


def as_near(answers: list[Any], truth: list[Any]) -> list[int]:
    """For each question the answers that are as near as the tenth exact one."""
    return [
        int(np.count_nonzero(answer.similarity >= exact.similarity[-1] - TIE))
        for answer, exact in zip(answers, truth, strict=True)
    ]


def came_back(live: Path, drawn: Path, gone: Ids, number: int, steps: int) -> int:
    """Answers, to questions of one direction after a step, that were removed by then."""
    using, among = DIRECTIONS[number % len(DIRECTIONS)]
    removed = np.concatenate(np.array_split(gone, steps)[: number + 1])
    opened = open_build(live)
    with np.load(drawn / "questions.npz") as questions:
        answers = opened.search(questions[using][:200], using=using, among=among, k=10 * K)
    opened.release()
    return sum(int(np.isin(answer.target_ids, removed).sum()) for answer in answers)


def part(drawn: Path, ids: Ids, out: Path) -> Path:
    """An embeddings directory of some of the drawn galaxies."""
    ids = np.sort(ids)
    for kind in Modality:
        store = open_store(drawn, kind)
        vectors = store.read(ids)
        (out / kind).mkdir(parents=True)
        zeros = np.zeros(len(ids))
        shard = EmbeddingShard(
            ids, zeros, zeros, vectors, kind, store.fingerprint, "part", "0" * 64
        )
        write_shard(out / kind / "part-0.parquet", shard)
        shards = {"part-0.parquet": len(ids)}
        record = StoreRecord(
            kind, "drawn", store.fingerprint, store.dim, len(ids), 0, "drawn", "0" * 64, shards
        )
        write_record(out / kind, record)
    table = pq.read_table(drawn / "catalogue.parquet")
    mine = np.isin(np.asarray(table["target_id"]), ids)
    pq.write_table(table.filter(pa.array(mine)), out / "catalogue.parquet")
    return out


def direction(
    live: GalaxyIndex,
    anew: GalaxyIndex,
    using: Modality,
    among: Modality,
    questions: Any,
    gone: Ids,
) -> dict[str, Any]:
    """Recall@10 of both, and how many removed galaxies came back."""
    truth = anew.search(questions, using=using, among=among, k=K, exact=True)
    found: dict[str, Any] = {"using": using, "among": among}
    tuned = anew.settings(using, among)
    own = live.settings(using, among)
    for name, index, how in (("live", live, own), ("same", live, tuned), ("anew", anew, tuned)):
        answers = index.search(
            questions, using=using, among=among, k=K, n_probe=how.n_probe, rerank=how.rerank
        )
        found[f"{name}_found"] = as_near(answers, truth)
        found[f"{name}_removed"] = sum(int(np.isin(a.target_ids, gone).sum()) for a in answers)
    return found


def table(results: dict[str, Any]) -> str:
    """One line a direction, as Markdown."""
    lines = [
        "| using | among | recall@10 after the changes | at the settings of the build made anew "
        "| compacted | built anew | ratios | removed found |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["directions"]:
        means = {
            name: float(np.mean(entry[f"{name}_found"])) / K
            for name in ("live", "same", "compacted", "anew")
        }
        ratios = ", ".join(
            f"{means[name] / means['anew']:.3f}" for name in ("live", "same", "compacted")
        )
        lines.append(
            f"| {entry['using']} | {entry['among']} | {means['live']:.3f} | {means['same']:.3f} "
            f"| {means['compacted']:.3f} | {means['anew']:.3f} | {ratios} "
            f"| {entry['live_removed']} |"
        )
    lines.append(
        f"\nIn the steps themselves: {results['removed_found_in_steps']} removed ids found."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
