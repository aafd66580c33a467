r"""Growth of build time, build memory and query time with the number of vectors.

    python -m benchmarks.index.synthetic_vectors EMBEDDINGS --n 10000000 --spectra 1000000 \
        --out SYNTHETIC/10000000
    python -m benchmarks.index.scaling SYNTHETIC/* --work DIR --out results/sizes.json

Each directory of synthetic vectors is built in a process of its own, whose anonymous memory (all
memory but mapped files, so without page cache) is sampled five times a second. Then galaxies of
the build are used as queries, one by one with one thread, each excluded from its own results, at
the settings that the build tuned for itself. Builds that are measured stay in `--work` and are
not made again.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.files.atomic import new_file, write_json
from galsearch.index import GalaxyIndex, IndexRecipe, build_index, open_build
from galsearch.index.ivf.faiss_api import faiss

N_QUERIES = 1000
PEAKS = {"RssAnon": "peak_anonymous_bytes", "VmRSS": "peak_resident_bytes"}
"""Entries of /proc/self/status that describe the memory of a process, and their names in the
results.
"""


def main() -> int:
    """Measure the directories of vectors that have no results yet, print the table and draw the
    figure; returns the exit status.
    """
    parser = argparse.ArgumentParser(description="Growth of time and memory with size.")
    add = parser.add_argument
    add("synthetic", type=Path, nargs="+", help="what benchmarks.index.synthetic_vectors wrote")
    add("--work", type=Path, required=True, help="directory for the builds")
    add("--out", type=Path, required=True, help="JSON file of results; the figure goes beside it")
    add("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.synthetic[0], arguments.work)))
        return 0
    results = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    for synthetic in arguments.synthetic:
        if synthetic.name in results:
            continue
        command = [sys.executable, "-m", "benchmarks.index.scaling", str(synthetic), "--one"]
        command += ["--work", str(arguments.work / synthetic.name), "--out", str(arguments.out)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        results[synthetic.name] = json.loads(done.stdout.splitlines()[-1])
        write_json(arguments.out, results, indent=None)
    print(table(results))
    if results:
        draw_growth(results, arguments.out.with_suffix(".png"))
    return 0


def measure(synthetic: Path, out: Path) -> dict[str, Any]:
    """Time, peak memory and size of the build of one directory of vectors, and the latency of
    queries.
    """
    recipe = IndexRecipe(name=synthetic.name, store="int8", n_tuning_queries=500)
    peaks = dict.fromkeys(PEAKS.values(), 0)
    finished = threading.Event()
    watch = threading.Thread(target=sample_memory, args=(peaks, finished), daemon=True)
    watch.start()
    start = time.perf_counter(), time.process_time()

    def progress(stage: str, done: int, total: int, /) -> None:
        seconds = time.perf_counter() - start[0]
        print(f"{seconds:8.1f} s {stage} {done:,}/{total:,}", file=sys.stderr)

    manifest = build_index(recipe, embeddings=synthetic, out=out, overwrite=True, progress=progress)
    seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    finished.set()
    watch.join()
    return {
        "n_vectors": {kind: entry.n_vectors for kind, entry in manifest.modalities.items()},
        "n_cores": len(os.sched_getaffinity(0)),
        "build_seconds": seconds[0],
        "build_cpu_seconds": seconds[1],
        "stages": manifest.seconds,
        **peaks,
        "bytes_a_vector": {
            kind: entry.index_bytes_per_vector + entry.stored_bytes_per_vector
            for kind, entry in manifest.modalities.items()
        },
        "plans": {kind: vars(entry.plan) for kind, entry in manifest.modalities.items()},
        "directions": measure_directions(out),
        "load_average": os.getloadavg()[0],
    }


def sample_memory(peaks: dict[str, int], finished: threading.Event) -> None:
    """Sample the memory of this process every 0.2 s until `finished` is set, and raise the values
    of `peaks` (bytes) to the largest found.
    """
    while not finished.wait(0.2):
        for line in Path("/proc/self/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in PEAKS:
                peaks[PEAKS[name]] = max(peaks[PEAKS[name]], 1024 * int(value.split()[0]))


def measure_directions(build: Path) -> list[dict[str, Any]]:
    """Latency of single queries in each direction, and the recall that the build measured."""
    faiss.omp_set_num_threads(1)
    index = open_build(build)
    found = []
    for using, among in DIRECTIONS:
        p50, p99 = np.percentile(query_latencies(index, using, among), (50, 99))
        entry = index.manifest.direction(using, among)
        found.append(
            {
                "using": using,
                "among": among,
                "p50_ms": round(float(p50), 4),
                "p99_ms": round(float(p99), 4),
                "recall_at_1": entry and entry.recall_at_1,
                "recall_at_10": entry and entry.recall_at_10,
                "recall_at_100": entry and entry.recall_at_100,
                "n_probe": entry and entry.n_probe,
                "rerank": entry and entry.rerank,
            }
        )
    return found


def query_latencies(index: GalaxyIndex, using: Modality, among: Modality) -> list[float]:
    """Milliseconds of each of `N_QUERIES` single queries, after 50 to warm up."""
    stored = index.stored(using)
    ids = np.random.default_rng(5).choice(stored.ids, N_QUERIES, replace=False)
    vectors = stored.take(stored.rows_of(ids))
    rows = index.stored(among).rows_of(ids)
    index.search(vectors[:50], using=using, among=among, k=10)
    latencies = []
    for i in range(len(ids)):
        start = time.perf_counter()
        one = slice(i, i + 1)
        index.search(vectors[one], using=using, among=among, k=10, exclude_rows=rows[one])
        latencies.append(1000 * (time.perf_counter() - start))
    return latencies


def by_size(results: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of the measured builds, ordered by rising number of vectors."""
    return sorted(results.values(), key=lambda entry: sum(entry["n_vectors"].values()))


def seconds_without_recall(entry: dict[str, Any]) -> float:
    """Seconds of all stages of a build together, other than the measurement of recall."""
    return float(sum(s for name, s in entry["stages"].items() if "recall" not in name))


def table(results: dict[str, Any]) -> str:
    """Markdown table of build time, memory and latency, with one row for each number of vectors."""
    lines = [
        "| images, spectra | build, s (CPU s) | without measuring recall, s "
        "| peak memory without page cache | bytes per vector | recall@10, four directions "
        "| p50, p99 of a query, ms (slowest direction) |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in by_size(results):
        counts = ", ".join(f"{n:,}" for n in entry["n_vectors"].values())
        recalls = ", ".join(f"{found['recall_at_10']:.3f}" for found in entry["directions"])
        slowest = max(entry["directions"], key=lambda found: found["p50_ms"])
        sizes = ", ".join(f"{value:.0f}" for value in entry["bytes_a_vector"].values())
        lines.append(
            f"| {counts} | {entry['build_seconds']:.0f} ({entry['build_cpu_seconds']:.0f}) "
            f"| {seconds_without_recall(entry):.0f} "
            f"| {entry['peak_anonymous_bytes'] / 1e9:.2f} GB | {sizes} | {recalls} "
            f"| {slowest['p50_ms']:.2f}, {slowest['p99_ms']:.2f} |"
        )
    return "\n".join(lines)


def draw_growth(results: dict[str, Any], out: Path) -> None:
    """Draw build time, memory and query latency against the number of vectors."""
    from matplotlib.figure import Figure

    entries = by_size(results)
    n = [sum(entry["n_vectors"].values()) for entry in entries]
    figure = Figure(figsize=(13, 4), layout="constrained")
    time_panel, memory_panel, latency_panel = figure.subplots(1, 3)
    time_panel.loglog(n, [entry["build_seconds"] for entry in entries], "o-", label="whole build")
    building = [seconds_without_recall(entry) for entry in entries]
    time_panel.loglog(n, building, "s--", label="without measuring recall")
    time_panel.set_ylabel("seconds")
    memory = [entry["peak_anonymous_bytes"] / 1e9 for entry in entries]
    memory_panel.loglog(n, memory, "o-", label="peak without page cache")
    on_disk = [
        sum(count * entry["bytes_a_vector"][kind] for kind, count in entry["n_vectors"].items())
        for entry in entries
    ]
    memory_panel.loglog(n, [size / 1e9 for size in on_disk], "s--", label="the build on disk")
    memory_panel.axhline(4, color="grey", lw=0.8)
    memory_panel.set_ylabel("GB")
    for using, among in DIRECTIONS:
        p50 = [
            next(d for d in entry["directions"] if (d["using"], d["among"]) == (using, among))[
                "p50_ms"
            ]
            for entry in entries
        ]
        latency_panel.loglog(n, p50, "o-", label=f"{using} among {among}")
    latency_panel.set_ylabel("p50 of a query, one thread, ms")
    for panel in (time_panel, memory_panel, latency_panel):
        panel.set_xlabel("vectors, images and spectra")
        panel.grid(alpha=0.3, which="both")
        panel.legend()
    with new_file(out) as temporary:
        figure.savefig(temporary, dpi=120, format="png")


if __name__ == "__main__":
    sys.exit(main())
