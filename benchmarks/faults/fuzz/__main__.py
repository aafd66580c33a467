"""Coverage-guided fuzzing (atheris) of every reader of foreign files.

    python -m benchmarks.faults.fuzz --work DIR --executions 1000000 --out fuzz.json

A run that is repeated with the same directory goes on: each reader gets as many executions in all
as are requested. Every finding is in `DIR/<reader>/findings`. Needs the extra `fuzz`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.faults.fuzz.executions.bounded_execution import MAX_BYTES, MAX_SECONDS
from benchmarks.faults.fuzz.executions.guided_run import record_of
from benchmarks.faults.fuzz.targets.all_targets import TARGETS
from galsearch.files.atomic import append_text, write_json

_MOST_CRASHES = 20
"""Crashes after which a reader is given up."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}


def main() -> int:
    """Fuzz the requested readers one by one; the exit status is 1 where there is a finding."""
    arguments = _arguments()
    end = time.monotonic() + arguments.seconds
    results: dict[str, Any] = {
        "bounds": {"cpu_seconds": MAX_SECONDS, "growth_mib": MAX_BYTES >> 20},
        "readers": {},
    }
    for name in arguments.readers or TARGETS:
        home = arguments.work / name
        _fuzz(name, arguments, min(end, time.monotonic() + arguments.seconds_each))
        record = record_of(home)
        record["findings"] |= {f"crash: {path.name}": path.name for path in _crashes(home)}
        record["corpus_files"] = len(list((home / "corpus").glob("*")))
        results["readers"][name] = record
        print(name, record, flush=True)
        if arguments.out is not None:
            write_json(arguments.out, results, indent=1)
    return int(any(record["findings"] for record in results["readers"].values()))


def _fuzz(name: str, arguments: argparse.Namespace, end: float) -> None:
    """Run processes for a reader until it has its executions, the time is over, or many crash."""
    home = arguments.work / name
    while (
        (left := arguments.executions - record_of(home)["executions"]) > 0
        and (seconds := end - time.monotonic()) > 0
        and len(_crashes(home)) < _MOST_CRASHES
    ):
        seed = 1 + record_of(home)["executions"] % 2**31
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
            options = {"target": name, "work": arguments.work, "executions": left,
                       "seconds": seconds, "scratch": scratch, "seed": seed}  # fmt: skip
            given = [text for key, value in options.items() for text in (f"--{key}", str(value))]
            command = [sys.executable, "-m", "benchmarks.faults.fuzz.executions.guided_run", *given]
            before = record_of(home)["executions"], len(_crashes(home))
            environment = {**os.environ, **ONE_THREAD}
            done = subprocess.run(command, capture_output=True, env=environment, check=False)
            home.mkdir(parents=True, exist_ok=True)
            append_text(home / "log.txt", (done.stdout + done.stderr).decode(errors="replace"))
        if (record_of(home)["executions"], len(_crashes(home))) == before:
            raise RuntimeError(f"{name}: ended without an execution; see {home / 'log.txt'}.")


def _crashes(home: Path) -> list[Path]:
    """Contents at which a process died, took too long or too much memory."""
    return sorted((home / "crashes").glob("*"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, required=True, help="directory of records, corpora and findings")
    option("--executions", type=int, default=1_000_000, help="executions of each reader in all")
    option("--seconds", type=float, default=1e9, help="end after this time")
    option("--seconds-each", type=float, default=1e9, help="time for each reader")
    option("--readers", nargs="+", choices=sorted(TARGETS), help="names of readers; default: all")
    option("--scratch", help="directory for the files that are read, such as /dev/shm")
    option("--out", type=Path, help="JSON file of results")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
