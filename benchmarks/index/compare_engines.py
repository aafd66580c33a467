"""Recall against queries per second with one thread: a galsearch build and other engines.

    python -m benchmarks.index.synthetic_vectors EMBEDDINGS --n 1000000 --out SYNTHETIC
    galsearch build-index index_builds/recipes/million.toml --embeddings SYNTHETIC --out BUILD
    python -m benchmarks.index.compare_engines SYNTHETIC --build BUILD --out results/peers.json
    python -m benchmarks.index.tradeoff_figure results/peers.json --out results/peers.png

All engines index the same vectors of one modality and are searched with the same queries:
galaxies of both modalities that are not in the index, one by one and all in one call, with one
thread, at every setting of the engine's sweep. Recall compares the returned rows with exact
search, and equal cosines are not counted as misses. Settings with a recall below `TIMED_FROM`
are not timed one by one. Queries per second are per second of CPU time, so that waiting for
other programs on the machine does not count; latencies are wall-clock time.

Limits of this comparison: ScaNN runs without SOAR and AVQ, which it offers for just these
cross-modal queries, and no engine that learns from sample queries takes part. A win over ScaNN
is therefore not yet a fair one.

Each engine runs in a process of its own; for baselines other than FAISS, `--python` may name the
interpreter of another environment. Results are written after every engine, and a run that is
started again measures only what is missing.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.engines.baselines import BASELINES
from benchmarks.index.engines.engine_protocol import Engine, Setting
from benchmarks.index.exact_cosines import N_QUERIES, QUERIES_FILE, K, count_found, prepare_exact
from galsearch.core.arrays import Float64Array, Vectors
from galsearch.files.atomic import write_json

GALSEARCH = "galsearch"
MODALITIES = ("image", "spectrum")
REPEATS = 3
MAX_SECONDS = 6.0
"""Time in seconds after which the runs of a setting are not repeated any more."""
TIMED_FROM = 0.9

Point = tuple[float, float, float]
"""Figures of one search setting: recall@10, queries per second in one call, queries per second one
by one.
"""


def main() -> int:
    """Measure the requested engines that have no results yet, and print the table; returns the exit
    status.
    """
    arguments = parse()
    if arguments.one:
        name, variant, among = arguments.one
        found = measure(name, variant, among, arguments.synthetic, arguments.build)
        print(json.dumps(found))
        return 0
    results = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for among in arguments.among:
        prepare_exact(arguments.synthetic, among)
        for name in arguments.engines:
            known = BASELINES[name].variants if name in BASELINES else ("default",)
            for variant in arguments.variants or known:
                key = f"{name}|{variant}|{among}"
                if key not in results:
                    results[key] = in_own_process(arguments, name, variant, among)
                    write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


def parse() -> argparse.Namespace:
    """The options of the engine comparison, parsed from the command line."""
    parser = argparse.ArgumentParser(description="Compare a galsearch build with other engines.")
    add = parser.add_argument
    add("synthetic", type=Path, help="directory that benchmarks.index.synthetic_vectors wrote")
    add("--build", type=Path, help="galsearch build of the same vectors")
    add("--engines", nargs="+", default=[GALSEARCH, *BASELINES], help="default: all")
    add("--among", nargs="+", default=list(MODALITIES), help="modalities to search")
    add("--python", default=sys.executable, help="Python interpreter that runs the baselines")
    add("--variants", nargs="+", help="ways of building an engine, default: all of its own")
    add("--out", type=Path, required=True, help="JSON file of results")
    add("--one", nargs=3, metavar=("ENGINE", "VARIANT", "AMONG"), help=argparse.SUPPRESS)
    return parser.parse_args()


def in_own_process(
    arguments: argparse.Namespace, name: str, variant: str, among: str
) -> dict[str, Any]:
    """Result of measuring one engine in a fresh process; if the process fails, the last line of its
    error under the key "failed".
    """
    python = sys.executable if name in (GALSEARCH, "faiss") else arguments.python
    command = [python, "-m", "benchmarks.index.compare_engines", str(arguments.synthetic)]
    command += ["--one", name, variant, among]
    command += ["--build", str(arguments.build), "--out", str(arguments.out)]
    print(f"{name} {variant} among {among} ...", file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def make_engine(name: str, variant: str, among: str, build: Path) -> Engine:
    """The search engine of this name and variant, without an index yet."""
    if name == GALSEARCH:
        from benchmarks.index.engines.galsearch_engine import GalsearchEngine

        return GalsearchEngine(build, among)
    return BASELINES[name](variant)


def measure(name: str, variant: str, among: str, synthetic: Path, build: Path) -> dict[str, Any]:
    """Time, memory and size of one engine's index over the vectors of one modality, and recall and
    speed at each search setting.
    """
    vectors = np.load(synthetic / f"vectors-{among}.npy", mmap_mode="r")
    engine = make_engine(name, variant, among, build)
    before = time.perf_counter(), time.process_time()
    engine.build(vectors if name == GALSEARCH else np.ascontiguousarray(vectors, np.float32))
    found: dict[str, Any] = {
        "n": len(vectors),
        "dim": vectors.shape[1],
        "build_seconds": time.perf_counter() - before[0],
        "build_cpu_seconds": time.process_time() - before[1],
        "bytes_a_vector": engine.n_bytes() / len(vectors),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "machine": {"platform": platform.platform(), "n_cpus": os.cpu_count()},
        "directions": {},
    }
    exact_file = synthetic / f"exact-{among}.npz"
    with np.load(synthetic / QUERIES_FILE) as stored, np.load(exact_file) as exact:
        for using in MODALITIES:
            queries = np.ascontiguousarray(stored[using][:N_QUERIES], np.float32)
            engine.set_query_modality(using)
            found["directions"][using] = [
                measure_setting(engine, vectors, queries, exact[using], setting)
                for setting in engine.settings
            ]
    found["load_average"] = os.getloadavg()[0]
    return found


def measure_setting(
    engine: Engine, vectors: Vectors, queries: Vectors, exact: Float64Array, setting: Setting
) -> dict[str, Any]:
    """Recall@10 at one search setting, CPU seconds of all queries in one call, and CPU seconds of
    one call for each query.
    """
    rows = engine.search(queries, K, setting)
    found = count_found(vectors, queries, exact, rows)
    entry: dict[str, Any] = {
        "setting": setting,
        "recall": float(np.mean(found)) / K,
        "recall_error": float(np.std(found)) / K / float(np.sqrt(len(found))),
        "n_questions": len(queries),
        "batch_cpu_seconds": repeated_cpu_seconds(lambda: engine.search(queries, K, setting)),
    }
    if entry["recall"] >= TIMED_FROM:
        latencies: list[float] = []

        def one_by_one() -> None:
            latencies.clear()
            for row in range(len(queries)):
                start = time.perf_counter()
                engine.search(queries[row : row + 1], K, setting)
                latencies.append(time.perf_counter() - start)

        entry["single_cpu_seconds"] = repeated_cpu_seconds(one_by_one)
        milliseconds = 1000 * np.percentile(latencies, (50, 90, 99))
        entry["latency_ms"] = dict(
            zip(("p50", "p90", "p99"), milliseconds.round(4).tolist(), strict=True)
        )
    return entry


def repeated_cpu_seconds(work: Callable[[], object]) -> list[float]:
    """CPU seconds, summed over threads, of each of `REPEATS` runs of a function; fewer runs where
    one takes long.
    """
    began = time.perf_counter()
    seconds: list[float] = []
    while len(seconds) < REPEATS and (not seconds or time.perf_counter() - began < MAX_SECONDS):
        start = time.process_time()
        work()
        seconds.append(round(time.process_time() - start, 6))
    return seconds


def points(entries: list[dict[str, Any]]) -> list[Point]:
    """Recall and speed at each search setting, from the fastest of the runs at this setting."""
    return [
        (
            entry["recall"],
            entry["n_questions"] / min(entry["batch_cpu_seconds"]),
            entry["n_questions"] / min(entry.get("single_cpu_seconds", [float("inf")])),
        )
        for entry in entries
    ]


def fastest_at(entries: list[dict[str, Any]], recall: float) -> tuple[float, float] | None:
    """Largest numbers of queries per second, in one call and one by one, among settings that reach
    a recall; None where no setting reaches it.
    """
    good = [point for point in points(entries) if point[0] >= recall]
    return (max(p[1] for p in good), max(p[2] for p in good)) if good else None


def table(results: dict[str, Any], recall: float = 0.95) -> str:
    """Markdown table of the engines, each at its fastest settings that reach `recall`."""
    speed = f"queries/s at recall {recall}, in one call, one by one"
    lines = [
        f"| engine | among | bytes per vector | build, CPU s | image queries: {speed} "
        "| spectrum queries |",
        "|---|---|---|---|---|---|",
    ]
    for key, found in results.items():
        name, variant, among = key.split("|")
        name = name if variant == "default" else f"{name} {variant}"
        if "failed" in found:
            lines.append(f"| {name} | {among} | {found['failed']} | | | |")
            continue
        cells = []
        for using in MODALITIES:
            entries = found["directions"][using]
            best = fastest_at(entries, recall)
            highest = max(point[0] for point in points(entries))
            cells.append(
                f"{best[0]:,.0f}, {best[1]:,.0f}" if best else f"recall at most {highest:.3f}"
            )
        lines.append(
            f"| {name} | {among} | {found['bytes_a_vector']:,.0f} "
            f"| {found['build_cpu_seconds']:,.0f} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
