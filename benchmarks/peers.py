"""Recall against queries a second, one thread: a build of ours and what one would use instead.

    python -m benchmarks.drawn EMBEDDINGS --n 1000000 --out DRAWN
    galsearch build-index index_builds/recipes/default.toml --embeddings DRAWN --out BUILD
    python -m benchmarks.peers BUILD --questions DRAWN/questions.npz --out results/peers.json
    python -m benchmarks.curves results/peers.json --out results/peers.png

Each engine indexes the stored vectors of one modality and is asked by galaxies of both, which are
not in it, one by one and in one call, at every setting of its sweep. An engine runs in a process
of its own, so that its memory can be told; with `--python` in an environment of its own. What is
measured is written after every engine; a run that is started again does what is missing.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines import ENGINES, Engine, Ours, Rows, Vectors

K = 10
MODALITIES = ("image", "spectrum")
REPEATS = 3
TIE = 1e-6
"""Cosines that differ by less are equal: single precision sums in different orders."""


def main() -> int:
    """Measure what the command line asks for and is not measured yet."""
    parser = argparse.ArgumentParser(description="Our build and its peers.")
    parser.add_argument("build", type=Path)
    parser.add_argument("--questions", type=Path, required=True, help="of benchmarks.drawn")
    parser.add_argument("--engines", nargs="+", default=["ours", *ENGINES])
    parser.add_argument("--python", default=sys.executable, help="interpreter of the peers")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "AMONG"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        name, among = arguments.one
        print(json.dumps(measure(name, among, arguments.build, arguments.questions)))
        return 0
    done = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    for among in MODALITIES:
        for name in arguments.engines:
            if f"{name}/{among}" in done:
                continue
            done[f"{name}/{among}"] = in_own_process(arguments, name, among)
            arguments.out.write_text(json.dumps(done) + "\n", "utf-8")
    print(table(done))
    return 0


def in_own_process(arguments: argparse.Namespace, name: str, among: str) -> dict[str, Any]:
    """What `measure` found, or why it did not."""
    python = sys.executable if name == "ours" else arguments.python
    command = [python, "-m", "benchmarks.peers", str(arguments.build), "--one", name, among]
    command += ["--questions", str(arguments.questions), "--out", str(arguments.out)]
    print(f"{name} among {among} ...", file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, among: str, build: Path, questions: Path) -> dict[str, Any]:
    """One engine over one modality: what it took to build, and each setting's raw figures."""
    vectors = np.load(build / among / "vectors.npy", mmap_mode="r")
    engine = Ours(build, among) if name == "ours" else ENGINES[name]()
    start = time.perf_counter()
    engine.build(np.ascontiguousarray(vectors, np.float32) if name != "ours" else vectors)
    found: dict[str, Any] = {
        "n": len(vectors),
        "dim": vectors.shape[1],
        "build_seconds": time.perf_counter() - start,
        "bytes_a_vector": engine.n_bytes() / len(vectors),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "machine": {"platform": platform.platform(), "load_average": os.getloadavg()[0]},
        "directions": {},
    }
    with np.load(questions) as asked:
        for using in MODALITIES:
            mine = np.ascontiguousarray(asked[using], np.float32)
            truth = best_cosines(vectors, mine)
            found["directions"][using] = [
                one_setting(engine, vectors, mine, truth, setting) for setting in engine.settings
            ]
    return found


def best_cosines(vectors: Vectors, questions: Vectors) -> Vectors:
    """(q, K) the largest cosines, descending, by comparing everything."""
    best = np.full((len(questions), K), -np.inf, np.float32)
    for start in range(0, len(vectors), 65_536):
        block = questions @ np.asarray(vectors[start : start + 65_536], np.float32).T
        joined = np.concatenate([best, block], axis=1)
        best = -np.partition(-joined, K - 1, axis=1)[:, :K]
    return np.asarray(-np.sort(-best, axis=1))


def one_setting(
    engine: Engine, vectors: Vectors, questions: Vectors, truth: Vectors, setting: dict[str, int]
) -> dict[str, Any]:
    """Recall@10 by cosine, seconds of a call for all, seconds of each call for one."""
    rows = engine.search(questions, K, setting)
    batches = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        engine.search(questions, K, setting)
        batches.append(time.perf_counter() - start)
    singles = []
    for at in range(len(questions)):
        start = time.perf_counter()
        engine.search(questions[at : at + 1], K, setting)
        singles.append(time.perf_counter() - start)
    return {
        "setting": setting,
        "found": found_of_ten(vectors, questions, truth, rows),
        "batch_seconds": batches,
        "single_seconds": [round(seconds, 7) for seconds in singles],
    }


def found_of_ten(vectors: Vectors, questions: Vectors, truth: Vectors, rows: Rows) -> list[int]:
    """For each question how many answers are as near as the tenth exact one."""
    counts = []
    for question, own, best in zip(questions, rows, truth, strict=True):
        known = np.unique(own[own >= 0])
        cosines = np.asarray(vectors[known], np.float32) @ question
        counts.append(int(np.count_nonzero(cosines >= best[-1] - TIE)))
    return [min(count, K) for count in counts]


def points(entries: list[dict[str, Any]]) -> list[tuple[float, float, float]]:
    """(recall@10, queries/s in one call, queries/s one by one) of each setting."""
    return [
        (
            float(np.mean(entry["found"])) / K,
            len(entry["found"]) / float(np.median(entry["batch_seconds"])),
            1 / float(np.mean(entry["single_seconds"])),
        )
        for entry in entries
    ]


def fastest(entries: list[dict[str, Any]], recall: float) -> tuple[float, float] | None:
    """The most queries/s, in one call and one by one, of settings that reach a recall."""
    good = [point for point in points(entries) if point[0] >= recall]
    return (max(p[1] for p in good), max(p[2] for p in good)) if good else None


def table(results: dict[str, Any], recall: float = 0.95) -> str:
    """The fastest settings that reach `recall`, as Markdown."""
    lines = [
        f"| engine | among | bytes a vector | build, s | image asks: queries/s at {recall}, in one "
        "call, one by one | spectrum asks |",
        "|---|---|---|---|---|---|",
    ]
    for key, found in results.items():
        name, among = key.split("/")
        if "failed" in found:
            lines.append(f"| {name} | {among} | {found['failed']} | | | |")
            continue
        cells = []
        for using in MODALITIES:
            entries = found["directions"][using]
            best = fastest(entries, recall)
            most = max(point[0] for point in points(entries))
            cells.append(f"{best[0]:,.0f}, {best[1]:,.0f}" if best else f"not above {most:.3f}")
        lines.append(
            f"| {name} | {among} | {found['bytes_a_vector']:,.0f} | {found['build_seconds']:,.0f} "
            f"| {' | '.join(cells)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
