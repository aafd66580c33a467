"""Recall against queries a second, one thread: a build of ours and what one would use instead.

    python -m benchmarks.index.synthetic_vectors EMBEDDINGS --n 1000000 --out DRAWN
    galsearch build-index index_builds/recipes/million.toml --embeddings DRAWN --out BUILD
    python -m benchmarks.index.compare_engines DRAWN --build BUILD --out results/peers.json
    python -m benchmarks.index.tradeoff_figure results/peers.json --out results/peers.png

Every engine indexes the same vectors of one modality and is asked the same questions, galaxies of
both modalities that are not in it: one by one and in one call, with one thread, at every setting
of its sweep. Recall is that of the ids found against exact search, equal cosines not counted as
misses. Settings of less recall than `TIMED_FROM` are not timed one by one. Queries/s are those of
the CPU time that an engine used: other work on the machine makes it wait, and that is not the
engine's; latencies are of the clock on the wall. An engine runs in a process of its own, with
`--python` in an environment of its own. What is measured is written after every engine; a run that
is started again does what is missing.
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
import numpy.typing as npt

from benchmarks.index.engines.engine_protocol import Engine, Rows, Setting, Vectors
from benchmarks.index.engines.graph_engines import ENGINES

K = 10
N_QUESTIONS = 1000
MODALITIES = ("image", "spectrum")
REPEATS = 3
PATIENCE_SECONDS = 6.0
"""No repeat is begun after so many seconds with one setting."""
TIMED_FROM = 0.9
TIE = 1e-12
"""Cosines that differ by less are equal: sums in double precision, in different orders."""

Doubles = npt.NDArray[np.float64]


def main() -> int:
    """Measure what the command line asks for and is not measured yet."""
    parser = argparse.ArgumentParser(description="Our build and its peers.")
    parser.add_argument("drawn", type=Path, help="what benchmarks.index.synthetic_vectors wrote")
    parser.add_argument("--build", type=Path, help="of ours, from the same vectors")
    parser.add_argument("--engines", nargs="+", default=["ours", *ENGINES])
    parser.add_argument("--among", nargs="+", default=list(MODALITIES))
    parser.add_argument("--python", default=sys.executable, help="interpreter of the peers")
    parser.add_argument("--builds", nargs="+", help="of the engine, default: all its ways")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--one", nargs=3, metavar=("ENGINE", "HOW", "AMONG"), help=argparse.SUPPRESS
    )
    arguments = parser.parse_args()
    if arguments.one:
        name, how, among = arguments.one
        print(json.dumps(measure(name, how, among, arguments.drawn, arguments.build)))
        return 0
    done = json.loads(arguments.out.read_text()) if arguments.out.exists() else {}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    for among in arguments.among:
        prepare(arguments.drawn, among)
        for name in arguments.engines:
            known = ENGINES[name].builds if name in ENGINES else ("default",)
            for how in arguments.builds or known:
                key = f"{name}|{how}|{among}"
                if key in done:
                    continue
                done[key] = in_own_process(arguments, name, how, among)
                arguments.out.write_text(json.dumps(done) + "\n", "utf-8")
    print(table(done))
    return 0


def prepare(drawn: Path, among: str) -> None:
    """The vectors of a modality as one array and the exact answers, beside the shards."""
    if (drawn / f"exact-{among}.npz").exists():
        return
    from galsearch.core.modality import Modality
    from galsearch.embeddings import open_store

    vectors = np.concatenate(
        [part for _, part in open_store(drawn, Modality(among)).iter_vectors()]
    )
    np.save(drawn / f"vectors-{among}.npy", vectors)
    with np.load(drawn / "questions.npz") as asked:
        best = {using: best_cosines(vectors, asked[using][:N_QUESTIONS]) for using in MODALITIES}
    np.savez(drawn / f"exact-{among}.npz", image=best["image"], spectrum=best["spectrum"])


def in_own_process(
    arguments: argparse.Namespace, name: str, how: str, among: str
) -> dict[str, Any]:
    """What `measure` found, or why it did not."""
    python = sys.executable if name in ("ours", "faiss") else arguments.python
    command = [
        python,
        "-m",
        "benchmarks.index.compare_engines",
        str(arguments.drawn),
        "--one",
        name,
        how,
        among,
    ]
    command += ["--build", str(arguments.build), "--out", str(arguments.out)]
    print(f"{name} {how} among {among} ...", file=sys.stderr)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["killed"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def make(name: str, how: str, among: str, build: Path) -> Engine:
    """The engine of a name."""
    if name == "ours":
        from benchmarks.index.engines.galsearch_engine import Ours

        return Ours(build, among)
    return ENGINES[name](how)


def measure(name: str, how: str, among: str, drawn: Path, build: Path) -> dict[str, Any]:
    """One engine over one modality: what it took to build, and each setting's figures."""
    vectors = np.load(drawn / f"vectors-{among}.npy", mmap_mode="r")
    engine = make(name, how, among, build)
    before = time.perf_counter(), time.process_time()
    engine.build(vectors if name == "ours" else np.ascontiguousarray(vectors, np.float32))
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
    with np.load(drawn / "questions.npz") as asked, np.load(drawn / f"exact-{among}.npz") as exact:
        for using in MODALITIES:
            mine = np.ascontiguousarray(asked[using][:N_QUESTIONS], np.float32)
            found["directions"][using] = [
                one_setting(engine, vectors, mine, exact[using], setting, using)
                for setting in engine.settings
            ]
    found["load_average"] = os.getloadavg()[0]
    return found


def best_cosines(vectors: Vectors, questions: Vectors) -> Doubles:
    """(q, K) the largest cosines in double precision, descending, by comparing everything."""
    wide = 2 * K
    """Single precision picks more than are wanted; double precision orders them."""
    best = np.full((len(questions), wide), -np.inf, np.float32)
    rows = np.full((len(questions), wide), -1)
    for start in range(0, len(vectors), 32_768):
        found = questions @ np.asarray(vectors[start : start + 32_768], np.float32).T
        for number, cosines in enumerate(found):
            better = np.flatnonzero(cosines > best[number].min())
            if len(better):
                joined = np.concatenate([best[number], cosines[better]])
                names = np.concatenate([rows[number], start + better])
                order = np.argsort(-joined, kind="stable")[:wide]
                best[number], rows[number] = joined[order], names[order]
    return -np.sort(-true_cosines(vectors, questions, rows), axis=1)[:, :K]


def true_cosines(vectors: Vectors, questions: Vectors, rows: Rows) -> Doubles:
    """(q, n) cosines in double precision; -1 where there is no row."""
    found = np.full(rows.shape, -1.0)
    for number, (question, own) in enumerate(zip(questions, rows, strict=True)):
        there = own >= 0
        cosines = np.asarray(vectors[own[there]], np.float64) @ question.astype(np.float64)
        found[number, there] = cosines
    return found


def one_setting(
    engine: Engine,
    vectors: Vectors,
    questions: Vectors,
    truth: Doubles,
    setting: Setting,
    using: str,
) -> dict[str, Any]:
    """Recall@10 by cosine; CPU seconds of calls for all questions, and of calls for one each."""
    engine.asked_by(using)
    rows = engine.search(questions, K, setting)
    found = found_of_ten(vectors, questions, truth, rows)
    entry: dict[str, Any] = {
        "setting": setting,
        "recall": float(np.mean(found)) / K,
        "recall_error": float(np.std(found)) / K / float(np.sqrt(len(found))),
        "n_questions": len(questions),
        "batch_cpu_seconds": repeated(lambda: engine.search(questions, K, setting)),
    }
    if entry["recall"] >= TIMED_FROM:
        latencies: list[float] = []

        def one_by_one() -> None:
            latencies.clear()
            for at in range(len(questions)):
                start = time.perf_counter()
                engine.search(questions[at : at + 1], K, setting)
                latencies.append(time.perf_counter() - start)

        entry["single_cpu_seconds"] = repeated(one_by_one)
        shares = np.percentile(latencies, (50, 90, 99))
        entry["latency_ms"] = dict(
            zip(("p50", "p90", "p99"), (1000 * shares).round(4).tolist(), strict=True)
        )
    return entry


def repeated(work: Any) -> list[float]:
    """CPU seconds, of every thread, of each of `REPEATS` runs; fewer where one takes long."""
    began = time.perf_counter()
    seconds: list[float] = []
    while len(seconds) < REPEATS and (
        not seconds or time.perf_counter() - began < PATIENCE_SECONDS
    ):
        start = time.process_time()
        work()
        seconds.append(round(time.process_time() - start, 6))
    return seconds


def found_of_ten(
    vectors: Vectors, questions: Vectors, truth: Doubles, rows: Rows
) -> npt.NDArray[np.int64]:
    """For each question how many answers, each counted once, are as near as the tenth exact one."""
    ordered = np.sort(rows, axis=1)
    again = np.zeros(rows.shape, bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    near = true_cosines(vectors, questions, ordered) >= truth[:, -1:] - TIE
    return np.asarray(np.minimum((near & ~again).sum(axis=1), K))


Point = tuple[float, float, float]


def points(entries: list[dict[str, Any]]) -> list[Point]:
    """(recall@10, queries/s in one call, queries/s one by one) of each setting, at its best run."""
    return [
        (
            entry["recall"],
            entry["n_questions"] / min(entry["batch_cpu_seconds"]),
            entry["n_questions"] / min(entry.get("single_cpu_seconds", [float("inf")])),
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
        f"| engine | among | bytes a vector | build, CPU s | image asks: queries/s at {recall}, in "
        "one call, one by one | spectrum asks |",
        "|---|---|---|---|---|---|",
    ]
    for key, found in results.items():
        name, how, among = key.split("|")
        name = name if how == "default" else f"{name} {how}"
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
            f"| {name} | {among} | {found['bytes_a_vector']:,.0f} "
            f"| {found['build_cpu_seconds']:,.0f} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
