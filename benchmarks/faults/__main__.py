"""Faults injected into every command that writes, and into the files that they write.

    python -m benchmarks.faults --work DIR --kills 25 --full-disks 50 --out faults.json

Linux on x86-64 only. No rights are needed: faults are injected into system calls.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.faults.processes.forked_commands import import_everything, run_forked
from benchmarks.faults.processes.observed_process import why_unobservable
from benchmarks.faults.subjects.small_survey import make_inputs
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.disk_trials import full_disk_trials, other_disk_trials
from benchmarks.faults.trials.kill_trials import kill_trials
from benchmarks.faults.trials.undisturbed import Place
from galsearch.files.atomic import write_json

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "MPLBACKEND": "agg",
    "TERM": "dumb",
}


def main() -> int:
    """Inject the requested faults, print a line for each command, and write the results."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Libraries read their numbers of threads when they are loaded.
        again = [sys.executable, "-m", "benchmarks.faults", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, **ONE_THREAD})  # noqa: S606 (this module)
    arguments = _arguments()
    reason = why_unobservable()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 3
    place = Place(arguments.work.resolve())
    _make_place(place, training=not arguments.only or "training" in arguments.only)
    results: dict[str, list[dict[str, Any]]] = {}
    kinds: dict[str, tuple[int, Callable[[Place, WritingCommand, int], dict[str, Any]]]] = {
        "kills": (arguments.kills, kill_trials),
        "full_disks": (arguments.full_disks, full_disk_trials),
        "other_disks": (arguments.other_disks, other_disk_trials),
    }
    for kind, (number, trials) in kinds.items():
        for name, command in place.commands.items() if number else ():
            if arguments.only and name not in arguments.only:
                continue
            start = time.monotonic()
            entry = trials(place, command, number)
            results.setdefault(kind, []).append(entry)
            print(kind, f"{time.monotonic() - start:.0f} s", entry, flush=True)
            if arguments.out is not None:
                write_json(arguments.out, results, indent=1)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, required=True, help="new directory for inputs and trials")
    option("--out", type=Path, help="JSON file of results")
    option("--only", nargs="+", help="names of commands; default: all")
    option("--kills", type=int, default=0, help="kills of each command")
    option("--full-disks", type=int, default=0, help="full disks of each command")
    option("--other-disks", type=int, default=0, help="failing disks of each command")
    return parser.parse_args()


def _make_place(place: Place, *, training: bool) -> None:
    """Make the inputs where they are missing, in a process of their own."""
    place.work.mkdir(parents=True, exist_ok=True)
    import_everything(training=training)
    if (place.inputs / "complete").exists():
        return
    shutil.rmtree(place.inputs, ignore_errors=True)

    def make() -> int:
        make_inputs(place.inputs)
        (place.inputs / "complete").touch()
        return 0

    ending = run_forked(make, place.root / "inputs.txt")
    if ending.status:
        raise RuntimeError(ending.text)


if __name__ == "__main__":
    sys.exit(main())
