"""Recall against exact search and queries a second, in all four directions, one thread.

    python benchmarks/index/recall.py index_builds/NAME --queries 1000

Galaxies of the build ask, each excluded from its own answer. An answer counts as found where its
cosine is at least that of the k-th exact neighbour, so ties are no misses. What was measured,
question by question, goes to `benchmarks/results/`; the table on stdout is computed from it.
"""

import argparse
import datetime
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.query import Neighbours, SearchEngine, open_index

KS = (1, 10, 100)
TIMED_K = 10
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main() -> int:
    """Measure the build that the command line names."""
    parser = argparse.ArgumentParser(description="Recall and speed of an index build.")
    parser.add_argument("index", type=Path, help="directory of the build")
    parser.add_argument("--queries", type=int, default=1000, help="galaxies that ask")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of galaxies")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/recall-NAME.json")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # The libraries read these when they are loaded, which has happened already.
        command = [sys.executable, *sys.argv]
        return subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode
    engine = open_index(arguments.index)
    results = measure(engine, n_queries=arguments.queries, seed=arguments.seed)
    name = f"recall-{engine.manifest.recipe.name}.json"
    out = arguments.out or Path(__file__).parents[1] / "results" / name
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results) + "\n", encoding="utf-8")
    print(table(results))
    return 0


def measure(engine: SearchEngine, *, n_queries: int, seed: int) -> dict[str, Any]:
    """Everything measured, and what is needed to judge it."""
    directory, manifest = engine.index.directory, engine.manifest
    present = [pair for pair in DIRECTIONS if set(pair) <= set(manifest.modalities)]
    return {
        "index": manifest.recipe.name,
        "manifest_sha256": hashlib.sha256((directory / "manifest.json").read_bytes()).hexdigest(),
        "n_galaxies": manifest.n_galaxies,
        "plans": {kind: vars(entry.plan) for kind, entry in manifest.modalities.items()},
        "versions": manifest.versions,
        "machine": {
            "platform": platform.platform(),
            "python": platform.python_version(),
            "n_cpus": os.cpu_count(),
            "n_threads": 1,
            "load_average": os.getloadavg()[0],
        },
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "directions": [
            direction(engine, using, among, n_queries=n_queries, seed=seed)
            for using, among in present
        ],
    }


def direction(
    engine: SearchEngine, using: Modality, among: Modality, *, n_queries: int, seed: int
) -> dict[str, Any]:
    """One direction, question by question."""
    ids = engine.index.stored(using).ids
    rows = np.random.default_rng(seed).permutation(len(ids))[:n_queries]
    asked = ids[np.sort(rows)]
    truth = engine.query_many(asked, using=using, among=among, k=max(KS), exact=True)
    found = {
        str(k): counts(engine.query_many(asked, using=using, among=among, k=k), truth, k)
        for k in KS
    }
    latencies = []
    for target_id in asked.tolist():
        start = time.perf_counter()
        engine.query(target_id, using=using, among=among, k=TIMED_K)
        latencies.append(round(1000 * (time.perf_counter() - start), 4))
    start = time.perf_counter()
    answers = engine.query_many(asked, using=using, among=among, k=TIMED_K)
    batch_seconds = time.perf_counter() - start
    tuned = engine.index.settings(using, among)
    return {
        "using": using,
        "among": among,
        "n_probe": tuned.n_probe,
        "rerank": tuned.rerank,
        "exact_share": float(np.mean([answer.exact for answer in answers])),
        "target_ids": [str(target_id) for target_id in asked.tolist()],
        "n_true": {str(k): [min(k, len(exact)) for exact in truth] for k in KS},
        "n_found": found,
        "latency_ms": latencies,
        "batch_seconds": batch_seconds,
    }


def counts(answers: list[Neighbours], truth: list[Neighbours], k: int) -> list[int]:
    """For each question how many of its `k` exact neighbours, or their equals, were found."""
    found = []
    for answer, exact in zip(answers, truth, strict=True):
        cosines = exact.similarity[:k]
        near = answer.similarity[: len(cosines)] >= cosines[-1:]
        found.append(int(np.count_nonzero(near)))
    return found


def table(results: dict[str, Any]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| using | among | recall@1 | recall@10 | recall@100 | one by one: queries/s, p50, p99 ms "
        "| in one call: queries/s | n_probe, rerank |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["directions"]:
        recalls = [_share(entry["n_found"][str(k)], entry["n_true"][str(k)]) for k in KS]
        latency = np.array(entry["latency_ms"])
        p50, p99 = np.percentile(latency, [50, 99])
        batch = len(latency) / entry["batch_seconds"]
        lines.append(
            f"| {entry['using']} | {entry['among']} | "
            + " | ".join(f"{value:.3f}" for value in recalls)
            + f" | {1000 / latency.mean():,.0f}, {p50:.2f}, {p99:.2f} | {batch:,.0f} "
            f"| {entry['n_probe']}, {entry['rerank']} |"
        )
    return "\n".join(lines)


def _share(found: list[int], true: list[int]) -> float:
    """Mean share of the exact neighbours found; a question without any has found them all."""
    n: npt.NDArray[np.int64] = np.array(true)
    return float(np.mean(np.where(n > 0, np.array(found) / np.maximum(n, 1), 1.0)))


if __name__ == "__main__":
    sys.exit(main())
