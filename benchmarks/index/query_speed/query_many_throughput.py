r"""Queries per second of `query_many` in this checkout of galsearch and in another one.

    python -m benchmarks.index.query_speed.query_many_throughput INDEX --other CHECKOUT \
        --out results.json

Each checkout runs in a process of its own, with as many threads as `--threads` says. Runs of both
checkouts alternate, so that a change in the load of the machine affects both. Times are given in
wall seconds and in CPU seconds; on a machine with other work, CPU seconds are the ones to compare.
The time inside FAISS, which both checkouts share, is measured in CPU seconds too.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.modality import DIRECTIONS
from galsearch.files.atomic import write_json

HERE = Path(__file__).parents[3]
WORKER = """
import json, sys, time
import faiss, numpy as np, galsearch
arguments = json.loads(sys.argv[1])
faiss.omp_set_num_threads(arguments["threads"])
engine = galsearch.open_index(arguments["index"])
in_faiss = [0.0]
def timed(name):
    original = getattr(faiss.IndexIVF, name)
    def method(*values):
        start = time.process_time()
        original(*values)
        in_faiss[0] += time.process_time() - start
    setattr(faiss.IndexIVF, name, method)
for name in ("search_c", "search_preassigned_c"):
    if hasattr(faiss.IndexIVF, name):
        timed(name)
print("ready", flush=True)
for line in sys.stdin:
    using, among = line.split()
    ids = engine.index.stored(galsearch.Modality(using)).ids
    generator = np.random.default_rng(1)
    ids = ids[generator.integers(0, len(ids), arguments["n"])]
    engine.query_many(ids[:100], using=using, among=among)
    in_faiss[0], wall, cpu = 0.0, time.perf_counter(), time.process_time()
    engine.query_many(ids, using=using, among=among)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu, "faiss": in_faiss[0]}), flush=True)
"""
"""Program that runs in the process of each checkout: for each line that it reads, it measures one
direction of search.
"""


def main() -> int:
    """Measure the checkouts that the command line names, and print a table; returns the exit
    status.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index", type=Path, help="directory of an index")
    parser.add_argument("--other", type=Path, help="another checkout of galsearch")
    parser.add_argument("--n", type=int, default=10_000, help="queries in one call")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each direction")
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    parser.add_argument("--out", type=Path, help="JSON file of results")
    arguments = parser.parse_args()
    checkouts = {"here": HERE}
    if arguments.other:
        checkouts["other"] = arguments.other.resolve()
    results = measure(
        arguments.index.resolve(),
        checkouts,
        n=arguments.n,
        repeats=arguments.repeats,
        threads=arguments.threads,
    )
    if arguments.out:
        write_json(arguments.out, results)
    print(table(results))
    return 0


def measure(
    index: Path, checkouts: dict[str, Path], *, n: int, repeats: int, threads: int
) -> dict[str, Any]:
    """Median seconds that each checkout takes for `n` queries in every direction; the runs of the
    checkouts alternate.
    """
    workers = {
        name: start_worker(path, {"index": str(index), "n": n, "threads": threads})
        for name, path in checkouts.items()
    }
    directions = []
    for using, among in DIRECTIONS:
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in workers}
        for _ in range(repeats):
            for name, worker in workers.items():
                runs[name].append(json.loads(_exchange(worker, f"{using} {among}\n")))
        medians = {
            name: {key: float(np.median([run[key] for run in some])) for key in some[0]}
            for name, some in runs.items()
        }
        directions.append({"using": using, "among": among, **medians})
    for worker in workers.values():
        worker.communicate()
    return {"n": n, "repeats": repeats, "threads": threads, "directions": directions}


def start_worker(checkout: Path, arguments: dict[str, Any]) -> "subprocess.Popen[str]":
    """A process that imports galsearch from a checkout, opens the index and waits for directions to
    measure.
    """
    counts = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    threads = dict.fromkeys(counts, str(arguments["threads"]))
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, json.dumps(arguments)],
        cwd=checkout,
        env={**os.environ, **threads, "PYTHONPATH": str(checkout)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _exchange(worker, "")
    return worker


def _exchange(worker: "subprocess.Popen[str]", line: str) -> str:
    """The line that a worker process writes in reply to a line."""
    assert worker.stdin is not None and worker.stdout is not None  # noqa: S101, PT018
    worker.stdin.write(line)
    worker.stdin.flush()
    reply = worker.stdout.readline()
    if not reply:
        raise RuntimeError(f"a benchmark process ended with status {worker.wait()}")
    return reply


def table(results: dict[str, Any]) -> str:
    """Markdown table of the throughput of both checkouts, with one row for each direction of
    search.
    """
    lines = [
        f"{results['n']:,} queries in one call, {results['threads']} thread(s), median of "
        f"{results['repeats']}; queries per CPU second (wall second), share of FAISS",
        "",
        "| using | among | here | other | ratio by CPU (wall) |",
        "|---|---|---|---|---|",
    ]
    for entry in results["directions"]:
        here, other = entry["here"], entry.get("other")
        ratio = "-"
        if other:
            ratio = f"{other['cpu'] / here['cpu']:.2f} ({other['wall'] / here['wall']:.2f})"
        lines.append(
            f"| {entry['using']} | {entry['among']} | {_speed(results['n'], here)} "
            f"| {_speed(results['n'], other)} | {ratio} |"
        )
    return "\n".join(lines)


def _speed(n: int, seconds: dict[str, float] | None) -> str:
    if seconds is None:
        return "-"
    share = seconds["faiss"] / seconds["cpu"]
    return f"{n / seconds['cpu']:,.0f} ({n / seconds['wall']:,.0f}), {share:.0%}"


if __name__ == "__main__":
    sys.exit(main())
