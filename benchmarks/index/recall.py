"""Recall of an index against exact search, and its speed, in all four directions with one thread.

    python -m benchmarks.index.recall index_builds/NAME --queries 1000

Queries are galaxies of the build, and each is excluded from its own results. A neighbour counts
as found where its cosine is at least that of the k-th exact neighbour, so ties are not misses.
All measurements are written, query by query, to `benchmarks/results/recall-NAME.json`, from which
the table on stdout is computed.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.arrays import Int64Array
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.files.atomic import write_json
from galsearch.files.digest import sha256_of_file
from galsearch.query import NeighboursBatch, SearchEngine, open_index

KS = (1, 10, 100)
TIMED_K = 10
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main() -> int:
    """Measure recall and speed of a build, write the results and print the table; returns the exit
    status.
    """
    parser = argparse.ArgumentParser(description="Recall and speed of an index build.")
    parser.add_argument("index", type=Path, help="directory of the build")
    parser.add_argument("--queries", type=int, default=1000, help="number of query galaxies")
    parser.add_argument("--seed", type=int, default=1, help="seed of the choice of galaxies")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/recall-NAME.json")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # The variables are set for a new process, because the libraries read them when they are
        # loaded, and they are loaded already.
        command = [sys.executable, *sys.orig_argv[1:]]
        return subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode
    engine = open_index(arguments.index)
    results = measure(engine, n_queries=arguments.queries, seed=arguments.seed)
    name = f"recall-{engine.manifest.recipe.name}.json"
    out = arguments.out or Path(__file__).parents[1] / "results" / name
    write_json(out, results, indent=None)
    print(table(results))
    return 0


def measure(engine: SearchEngine, *, n_queries: int, seed: int) -> dict[str, Any]:
    """Recall and latency in every direction of search, with a description of the build, the
    versions and the machine.
    """
    directory, manifest = engine.index.directory, engine.manifest
    present = [pair for pair in DIRECTIONS if set(pair) <= set(manifest.modalities)]
    return {
        "index": manifest.recipe.name,
        "manifest_sha256": sha256_of_file(directory / "manifest.json"),
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
            measure_direction(engine, using, among, n_queries=n_queries, seed=seed)
            for using, among in present
        ],
    }


def measure_direction(
    engine: SearchEngine, using: Modality, among: Modality, *, n_queries: int, seed: int
) -> dict[str, Any]:
    """Recall and latency, query by query, and the time of all queries in one call, in one direction
    of search.
    """
    ids = engine.index.stored(using).ids
    rows = np.random.default_rng(seed).permutation(len(ids))[:n_queries]
    query_ids = ids[np.sort(rows)]
    exact = engine.query_many(query_ids, using=using, among=among, k=max(KS), exact=True)
    found = {
        str(k): count_found(engine.query_many(query_ids, using=using, among=among, k=k), exact, k)
        for k in KS
    }
    latencies_ms = []
    for target_id in query_ids.tolist():
        start = time.perf_counter()
        engine.query(target_id, using=using, among=among, k=TIMED_K)
        latencies_ms.append(round(1000 * (time.perf_counter() - start), 4))
    start = time.perf_counter()
    batch = engine.query_many(query_ids, using=using, among=among, k=TIMED_K)
    batch_seconds = time.perf_counter() - start
    tuned = engine.index.settings(using, among)
    return {
        "using": using,
        "among": among,
        "n_probe": tuned.n_probe,
        "rerank": tuned.rerank,
        "exact_share": float(batch.exact.mean()),
        "target_ids": [str(target_id) for target_id in query_ids.tolist()],
        "n_true": {str(k): np.minimum(k, exact.counts).tolist() for k in KS},
        "n_found": found,
        "latency_ms": latencies_ms,
        "batch_seconds": batch_seconds,
    }


def count_found(found: NeighboursBatch, exact: NeighboursBatch, k: int) -> list[int]:
    """The number of exact neighbours (among `k`), or of neighbours with equal similarity, that were
    found for each query.
    """
    n_true = np.minimum(k, exact.counts)
    last = np.maximum(n_true - 1, 0)[:, None]
    least = np.take_along_axis(exact.similarity, last, axis=1)
    # Missing neighbours have NaN as similarity, and no comparison with NaN is true.
    near = (found.similarity >= least) & (np.arange(found.similarity.shape[1]) < n_true[:, None])
    counts: list[int] = np.count_nonzero(near, axis=1).tolist()
    return counts


def table(results: dict[str, Any]) -> str:
    """Markdown table of recall and speed, with one row for each direction of search."""
    lines = [
        "| using | among | recall@1 | recall@10 | recall@100 | one by one: queries/s, p50, p99 ms "
        "| in one call: queries/s | n_probe, rerank |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in results["directions"]:
        recalls = [_mean_share(entry["n_found"][str(k)], entry["n_true"][str(k)]) for k in KS]
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


def _mean_share(found: list[int], true: list[int]) -> float:
    """Mean over queries of the share of the exact neighbours that were found; a query without exact
    neighbours counts as 1.
    """
    n: Int64Array = np.array(true)
    return float(np.mean(np.where(n > 0, np.array(found) / np.maximum(n, 1), 1.0)))


if __name__ == "__main__":
    sys.exit(main())
