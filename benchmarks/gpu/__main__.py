"""Measure embedding, search and training on a GPU; each part has its own time limit.

    python -m benchmarks.gpu --out results
    python -m benchmarks.gpu --out results --tiny        (on a CPU, to test the command)

Each part runs in a process of its own, and `OUT/results.json` and `OUT/results.txt` are written
after each, so that a run that is cut short keeps what it has.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from galsearch.files.atomic import write_json, write_text

PARTS: dict[str, int] = {"embedding": 170, "search": 150, "training": 130}
"""Time limit of each part in seconds; together 7.5 minutes."""


def main(arguments: list[str] | None = None) -> int:
    """Run the parts that the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.gpu", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tiny", action="store_true", help="tiny sizes on a CPU")
    parser.add_argument("--part", choices=PARTS, help="one part, in this process")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.part:
        write_json(given.out / f"{given.part}.json", measure(given.part, tiny=given.tiny))
        return 0
    results: dict[str, Any] = {}
    for part, limit_seconds in PARTS.items():
        results[part] = run_part(part, limit_seconds, given.out, tiny=given.tiny)
        write_json(given.out / "results.json", results)
        write_text(given.out / "results.txt", table(results))
        print(table({part: results[part]}), flush=True)
    return int(any("failed" in result for result in results.values()))


def run_part(part: str, limit_seconds: int, out: Path, *, tiny: bool) -> dict[str, Any]:
    """The results of one part, or why there are none, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.gpu", "--out", str(out), "--part", part]
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [*command, *(["--tiny"] if tiny else [])],
            check=False,
            capture_output=True,
            text=True,
            timeout=limit_seconds,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"the part took more than {limit_seconds} s"}
    if done.returncode:
        return {"failed": "\n".join(done.stderr.strip().splitlines()[-12:])}
    found: dict[str, Any] = json.loads((out / f"{part}.json").read_text("utf-8"))
    return {**found, "seconds": time.perf_counter() - start}


def measure(part: str, *, tiny: bool) -> dict[str, Any]:
    """Measure one part in a temporary directory."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if part == "embedding":
            from benchmarks.gpu.embedding_rates import measure_embedding

            device, n = ("cpu", 70) if tiny else ("cuda", 12_288)
            return measure_embedding(place, device, n=n, tiny=tiny)
        if part == "search":
            from benchmarks.gpu.search_rates import measure_search

            device, n, n_queries = ("cpu", 3000, 200) if tiny else ("gpu", 1_000_000, 20_000)
            return measure_search(place, device, n=n, n_queries=n_queries)
        from benchmarks.gpu.training_rates import measure_training

        device, n, n_steps, batch = ("cpu", 40, 2, 8) if tiny else ("cuda", 1024, 12, 64)
        return measure_training(place, device, n=n, n_steps=n_steps, batch_size=batch, tiny=tiny)


def table(results: dict[str, Any], indent: str = "") -> str:
    """Results as lines of text, one number in each."""
    lines = []
    for name, value in results.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", table(value, f"{indent}  ").rstrip("\n")]
        else:
            shown = f"{value:,.4g}" if isinstance(value, float) else value
            lines.append(f"{indent}{name}: {shown}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
