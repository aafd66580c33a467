"""Executions of one target, guided by the coverage of galsearch's code, in a process of its own.

    python -m benchmarks.faults.fuzz.executions.guided_run --target json --work DIR --executions 99

The process ends after the requested executions or seconds. Its record, corpus and findings stay in
the working directory, and a later process goes on from there.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.faults.fuzz.executions.bounded_execution import MAX_CONTENT_BYTES, BoundedReader
from benchmarks.faults.fuzz.executions.damaged_content import damaged
from benchmarks.faults.fuzz.targets.all_targets import TARGETS
from benchmarks.faults.fuzz.targets.fuzz_target import FuzzTarget
from galsearch.files.atomic import write_bytes, write_json
from galsearch.files.digest import sha256_of_parts

CORPUS = Path(__file__).parents[1] / "corpus"
"""Contents that are kept with the project, by the name of their target: some that atheris chose,
and former findings."""
_RECORDED_EVERY = 100
"""Executions between two records."""
_TIMEOUT_SECONDS = 120


def record_of(home: Path) -> dict[str, Any]:
    """The record of the executions so far of the target whose directory is `home`."""
    path = home / "record.json"
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    return {"executions": 0, "refused": 0, "cpu_seconds": 0.0, "slowest_seconds": 0.0,
            "growth_mib": 0.0, "findings": {}}  # fmt: skip


def kept_contents(target: FuzzTarget, scratch: Path) -> list[bytes]:
    """The seeds of a target and the contents that are kept with the project."""
    kept = sorted((CORPUS / target.name).glob("*"))
    return [*target.seeds(scratch), *(path.read_bytes() for path in kept)]


class GuidedRun:
    """The executions of one process.

    Parameters
    ----------
    home
        Directory of the target in the working directory.
    reader
        The reader of the target.
    n_executions, seconds
        The process ends after one of them.
    """

    def __init__(
        self, home: Path, reader: BoundedReader, n_executions: int, seconds: float
    ) -> None:
        self._home, self._reader, self._n_executions = home, reader, n_executions
        self._before = record_of(home)
        self._findings: dict[str, str] = dict(self._before["findings"])
        self._end = time.monotonic() + seconds

    def execute(self, content: bytes) -> None:
        """Read one content, note a finding, and end the process after the last one."""
        problem = self._reader.execute(content)
        if problem is not None and problem not in self._findings:
            name = sha256_of_parts([content])[:16]
            write_bytes(self._home / "findings" / name, content)
            self._findings[problem] = name
            self._record()
        done = self._reader.n_executions
        if done % _RECORDED_EVERY == 0 or done >= self._n_executions:
            self._record()
            if done >= self._n_executions or time.monotonic() > self._end:
                end_process()

    def _record(self) -> None:
        reader, before = self._reader, self._before
        growth = round(reader.growth_bytes / 2**20, 1)
        record = {
            "executions": before["executions"] + reader.n_executions,
            "refused": before["refused"] + reader.n_refused,
            "cpu_seconds": round(before["cpu_seconds"] + time.process_time(), 1),
            "slowest_seconds": round(max(before["slowest_seconds"], reader.slowest_seconds), 3),
            "growth_mib": max(before["growth_mib"], growth),
            "findings": self._findings,
        }
        write_json(self._home / "record.json", record)


def end_process() -> NoReturn:
    """End the process at once; libFuzzer has nothing left to write."""
    os._exit(0)


def main() -> None:
    """Execute one target; libFuzzer ends the process, and never returns."""
    arguments = _arguments()
    import atheris

    target, home = TARGETS[arguments.target], arguments.work.resolve() / arguments.target
    for name in ("corpus", "findings", "scratch", "crashes"):
        (home / name).mkdir(parents=True, exist_ok=True)
    scratch = Path(arguments.scratch).resolve() if arguments.scratch else home / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["galsearch"], enable_loader_override=False):
        read = target.prepare(scratch)
        contents = kept_contents(target, scratch)
        # Readers import what they need when they need it; everything is to be instrumented.
        warm = BoundedReader(read)
        for content in contents:
            warm.execute(content)
    for content in contents:
        name = sha256_of_parts([content])[:16]
        write_bytes(home / "corpus" / name, content)
    run = GuidedRun(home, BoundedReader(read), arguments.executions, arguments.seconds)
    options = {
        "max_len": MAX_CONTENT_BYTES,
        "timeout": _TIMEOUT_SECONDS,
        "rss_limit_mb": 4096,
        "verbosity": 0,
        "print_final_stats": 0,
        "seed": arguments.seed,
        "artifact_prefix": f"{home / 'crashes'}/",
    }
    given = [
        sys.argv[0],
        str(home / "corpus"),
        *(f"-{key}={value}" for key, value in options.items()),
    ]
    # atheris has another function under this name once it fuzzes.
    mutator = _mutator(target, lambda content, n: atheris.Mutate(content, n))
    atheris.Setup(given, run.execute, custom_mutator=mutator)
    atheris.Fuzz()


def _mutator(
    target: FuzzTarget, mutate: Callable[[bytes, int], bytes]
) -> Callable[[bytes, int, int], bytes]:
    """A mutator of which every other step is that of libFuzzer."""

    def changed(content: bytes, max_bytes: int, seed: int) -> bytes:
        if seed % 2:
            return mutate(content, max_bytes)
        return damaged(content, target.words, seed)[:max_bytes]

    return changed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--target", required=True, choices=sorted(TARGETS), help="name of the reader")
    option("--work", type=Path, required=True, help="directory of records, corpus and findings")
    option("--executions", type=int, required=True, help="number of executions of this process")
    option("--seconds", type=float, default=1e9, help="end after this time")
    option("--scratch", help="directory for the files that are read, such as one in memory")
    option("--seed", type=int, default=1, help="seed of libFuzzer; not 0, which is the time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
