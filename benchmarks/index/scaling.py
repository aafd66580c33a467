"""How time and memory of a build, and the time of a question, grow with the number of vectors.

    python -m benchmarks.index.synthetic_vectors EMBEDDINGS --n 10000000 --spectra 1000000 --out DRAWN/10000000
    python -m benchmarks.index.scaling DRAWN/* --work DIR --out results/sizes.json

Each set is built in a process of its own whose anonymous memory (what is not a mapped file, and so
not page cache) is looked at five times a second. Then galaxies of the build ask one by one with
one thread, each excluded from its own answer, at the settings that the build tuned for itself.
Builds that are measured are kept in `--work` and not made again.
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

from galsearch.core.modality import DIRECTIONS
from galsearch.index import IndexRecipe, build_index, open_build
from galsearch.index.ivf.faiss_api import faiss

N_QUESTIONS = 1000
PEAKS = {"RssAnon": "peak_anonymous_bytes", "VmRSS": "peak_resident_bytes"}


def main() -> int:
    """Measure what the command line asks for and is not measured yet."""
    parser = argparse.ArgumentParser(description="Growth of time and memory.")
    parser.add_argument(
        "drawn", type=Path, nargs="+", help="what benchmarks.index.synthetic_vectors wrote"
    )
    parser.add_argument("--work", type=Path, required=True, help="directory for the builds")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.drawn[0], arguments.work)))
        return 0
    done = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    for drawn in arguments.drawn:
        if drawn.name in done:
            continue
        command = [sys.executable, "-m", "benchmarks.index.scaling", str(drawn), "--one"]
        command += ["--work", str(arguments.work / drawn.name), "--out", str(arguments.out)]
        ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        done[drawn.name] = json.loads(ran.stdout.splitlines()[-1])
        arguments.out.write_text(json.dumps(done) + "\n", "utf-8")
    print(table(done))
    if done:
        draw(done, arguments.out.with_suffix(".png"))
    return 0


def measure(drawn: Path, out: Path) -> dict[str, Any]:
    """One build and its questions."""
    recipe = IndexRecipe(name=drawn.name, store="int8", n_tuning_queries=500)
    peaks = dict.fromkeys(PEAKS.values(), 0)
    over = threading.Event()
    watch = threading.Thread(target=watch_memory, args=(peaks, over), daemon=True)
    watch.start()
    start = time.perf_counter(), time.process_time()

    def progress(stage: str, done: int, total: int) -> None:
        print(
            f"{time.perf_counter() - start[0]:8.1f} s {stage} {done:,}/{total:,}", file=sys.stderr
        )

    manifest = build_index(recipe, embeddings=drawn, out=out, overwrite=True, progress=progress)
    seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    over.set()
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
        "directions": questions(out),
        "load_average": os.getloadavg()[0],
    }


def watch_memory(peaks: dict[str, int], over: threading.Event) -> None:
    """Note the largest anonymous and resident memory until told to stop."""
    while not over.wait(0.2):
        for line in Path("/proc/self/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in PEAKS:
                peaks[PEAKS[name]] = max(peaks[PEAKS[name]], 1024 * int(value.split()[0]))


def questions(build: Path) -> list[dict[str, Any]]:
    """Milliseconds of single questions in each direction, and the recall that was measured."""
    faiss.omp_set_num_threads(1)
    index = open_build(build)
    found = []
    for using, among in DIRECTIONS:
        ids = np.random.default_rng(5).choice(index.stored(using).ids, N_QUESTIONS, replace=False)
        vectors = index.stored(using).take(index.stored(using).rows_of(ids))
        index.search(vectors[:50], using=using, among=among, k=10)
        latencies = []
        for at in range(len(ids)):
            start = time.perf_counter()
            own = slice(at, at + 1)
            index.search(vectors[own], using=using, among=among, k=10, exclude=ids[own])
            latencies.append(1000 * (time.perf_counter() - start))
        entry = index.manifest.direction(using, among)
        p50, p99 = np.percentile(latencies, (50, 99))
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


def table(done: dict[str, Any]) -> str:
    """One line a size, as Markdown."""
    lines = [
        "| images, spectra | build, s (CPU s) | without measuring recall, s "
        "| peak memory beside page cache | bytes a vector | recall@10, four directions "
        "| p50, p99 of a question, ms (slowest direction) |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in sorted(done.values(), key=lambda entry: sum(entry["n_vectors"].values())):
        counts = ", ".join(f"{n:,}" for n in entry["n_vectors"].values())
        making = sum(s for name, s in entry["stages"].items() if "recall" not in name)
        recalls = ", ".join(f"{found['recall_at_10']:.3f}" for found in entry["directions"])
        slowest = max(entry["directions"], key=lambda found: found["p50_ms"])
        each = ", ".join(f"{value:.0f}" for value in entry["bytes_a_vector"].values())
        lines.append(
            f"| {counts} | {entry['build_seconds']:.0f} ({entry['build_cpu_seconds']:.0f}) "
            f"| {making:.0f} | {entry['peak_anonymous_bytes'] / 1e9:.2f} GB | {each} | {recalls} "
            f"| {slowest['p50_ms']:.2f}, {slowest['p99_ms']:.2f} |"
        )
    return "\n".join(lines)


def draw(done: dict[str, Any], out: Path) -> None:
    """Seconds, memory and latency against the number of vectors."""
    from matplotlib.figure import Figure

    entries = sorted(done.values(), key=lambda entry: sum(entry["n_vectors"].values()))
    n = [sum(entry["n_vectors"].values()) for entry in entries]
    figure = Figure(figsize=(13, 4), layout="constrained")
    time_panel, memory_panel, question_panel = figure.subplots(1, 3)
    time_panel.loglog(n, [entry["build_seconds"] for entry in entries], "o-", label="whole build")
    making = [
        sum(s for name, s in entry["stages"].items() if "recall" not in name) for entry in entries
    ]
    time_panel.loglog(n, making, "s--", label="without measuring recall")
    time_panel.set_ylabel("seconds")
    time_panel.legend()
    memory = [entry["peak_anonymous_bytes"] / 1e9 for entry in entries]
    memory_panel.loglog(n, memory, "o-", label="peak beside page cache")
    held = [
        sum(entry["n_vectors"][kind] * entry["bytes_a_vector"][kind] for kind in entry["n_vectors"])
        for entry in entries
    ]
    memory_panel.loglog(n, [size / 1e9 for size in held], "s--", label="the build on disk")
    memory_panel.axhline(4, color="grey", lw=0.8)
    memory_panel.set_ylabel("GB")
    memory_panel.legend()
    for using, among in DIRECTIONS:
        own = [
            next(d for d in entry["directions"] if (d["using"], d["among"]) == (using, among))
            for entry in entries
        ]
        label = f"{using} among {among}"
        question_panel.loglog(n, [each["p50_ms"] for each in own], "o-", label=label)
    question_panel.set_ylabel("p50 of a question, one thread, ms")
    question_panel.legend()
    for panel in (time_panel, memory_panel, question_panel):
        panel.set_xlabel("vectors, images and spectra")
        panel.grid(alpha=0.3, which="both")
    figure.savefig(out, dpi=120)


if __name__ == "__main__":
    sys.exit(main())
