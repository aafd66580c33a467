"""Faults injected into every command that writes, and into the files that they write.

    python -m benchmarks.faults --work DIR --kills 25 --full-disks 50 --out kills-and-disks.json
    python -m benchmarks.faults --work DIR --readers 20 --races 10 --out races.json
    python -m benchmarks.faults --work DIR --threads 50 --service 100 --out concurrency.json
    python -m benchmarks.faults --work DIR --corruptions 500 --out corruptions.json

Linux on x86-64 only. No rights are needed: faults are injected into system calls.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.faults.processes.forked_commands import import_everything, run_forked
from benchmarks.faults.processes.observed_process import why_unobservable
from benchmarks.faults.subjects.lance_layout import (
    lancedb,
    why_without_lancedb,
    write_lance_layout,
)
from benchmarks.faults.subjects.plain_layout import write_plain_layout
from benchmarks.faults.subjects.raced_pairs import pairs_of_writers
from benchmarks.faults.subjects.small_survey import SEED_OF_OLDER, make_inputs
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.corruption_trials import corruption_trials, subjects
from benchmarks.faults.trials.disk_trials import full_disk_trials, other_disk_trials
from benchmarks.faults.trials.kill_trials import kill_trials
from benchmarks.faults.trials.race_trials import Results, race_trials
from benchmarks.faults.trials.reader_trials import reader_trials
from benchmarks.faults.trials.service_trials import service_trials
from benchmarks.faults.trials.thread_trials import thread_trials
from benchmarks.faults.trials.undisturbed import Place
from galsearch.files.atomic import write_json

Trials = Callable[[], dict[str, Any]]
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
    _make_place(place, training="training" in _commands(place, arguments))
    if arguments.corruptions and (not arguments.only or "LanceDB" in arguments.only):
        _make_lance_layout(place)
    results: dict[str, list[dict[str, Any]]] = {}
    for kind, trials in _requested(place, arguments):
        start = time.monotonic()
        entry = trials()
        results.setdefault(kind, []).append(entry)
        print(kind, f"{time.monotonic() - start:.0f} s", entry, flush=True)
        if arguments.out is not None:
            write_json(arguments.out, results, indent=1)
    return 0


def _requested(place: Place, arguments: argparse.Namespace) -> Iterator[tuple[str, Trials]]:
    """The trials that the options request, each with the name of its kind."""
    only = set(arguments.only or ())
    commands = {
        name: each for name, each in _commands(place, arguments).items() if not only or name in only
    }
    kinds: dict[str, tuple[int, Callable[[Place, WritingCommand, int], dict[str, Any]]]] = {
        "kills": (arguments.kills, kill_trials),
        "full_disks": (arguments.full_disks, full_disk_trials),
        "other_disks": (arguments.other_disks, other_disk_trials),
    }
    for kind, (number, trials) in kinds.items():
        for command in commands.values() if number else ():
            yield kind, partial(trials, place, command, number)
    for command in commands.values() if arguments.readers else ():
        if command.changes_an_index:
            yield "readers", partial(reader_trials, place, command, arguments.readers)
    for subject in subjects(place) if arguments.corruptions else ():
        if not only or subject.name in only:
            yield "corruptions", partial(corruption_trials, place, subject, arguments.corruptions)
    yield from _requested_together(place, arguments, only)


def _requested_together(
    place: Place, arguments: argparse.Namespace, only: set[str]
) -> Iterator[tuple[str, Trials]]:
    """Trials of what happens at the same time: races, threads, and a service."""
    undisturbed = Results(place)
    raced = _commands(place, arguments) if arguments.races else {}
    for first, second in pairs_of_writers(raced):
        if not only or {first.name, second.name} & only:
            yield "races", partial(race_trials, undisturbed, first, second, arguments.races)
    if arguments.threads:
        index = place.inputs / "changed"
        yield "threads", partial(thread_trials, place, index, arguments.threads)
    if arguments.service:
        yield "service", partial(service_trials, place, arguments.service)


def _commands(place: Place, arguments: argparse.Namespace) -> dict[str, WritingCommand]:
    """The commands that may take part in trials, by name."""
    without = set(arguments.without or ())
    return {name: each for name, each in place.commands.items() if name not in without}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    option = parser.add_argument
    option("--work", type=Path, required=True, help="new directory for inputs and trials")
    option("--out", type=Path, help="JSON file of results")
    option("--only", nargs="+", help="names of commands or directories; default: all")
    option("--without", nargs="+", help="names of commands that take no part")
    option("--kills", type=int, default=0, help="kills of each command")
    option("--full-disks", type=int, default=0, help="full disks of each command")
    option("--other-disks", type=int, default=0, help="failing disks of each command")
    option("--readers", type=int, default=0, help="readers during each change of an index")
    option("--races", type=int, default=0, help="races of each pair of commands")
    option("--threads", type=int, default=0, help="rounds of queries in eight threads")
    option("--service", type=int, default=0, help="changes of an index while it is served")
    option("--corruptions", type=int, default=0, help="damaged copies of each kind of directory")
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
        write_plain_layout(place.inputs / "plain", slice(0, 250))
        write_plain_layout(place.inputs / "plain-other", slice(150, 400))
        write_plain_layout(place.inputs / "plain-older", slice(0, 250), SEED_OF_OLDER)
        (place.inputs / "complete").touch()
        return 0

    ending = run_forked(make, place.root / "inputs.txt")
    if ending.status:
        raise RuntimeError(ending.text)


def _make_lance_layout(place: Place) -> None:
    """Write the tables of LanceDB where they are missing; a line says so where it is left out."""
    reason = why_without_lancedb()
    if reason is not None:
        print(reason, file=sys.stderr)
        return
    # Imported here, so that forked processes need not.
    lancedb()

    def make() -> int:
        write_lance_layout(place.inputs / "lance-other", slice(150, 400))
        write_lance_layout(place.inputs / "lance-older", slice(0, 250), SEED_OF_OLDER)
        write_lance_layout(place.inputs / "lance", slice(0, 250))
        return 0

    if not (place.inputs / "lance").exists():
        ending = run_forked(make, place.root / "lance.txt")
        if ending.status:
            raise RuntimeError(ending.text)


if __name__ == "__main__":
    sys.exit(main())
