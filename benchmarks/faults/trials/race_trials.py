"""Pairs of commands on one output: one is stopped before each of its changes, the other runs then.

So every interleaving in which the second command runs as a whole between two changes of the first
is tried, and none is left to chance. Readers are raced with writers in the same way.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.faults.processes.observed_process import MAKE, Decision, Ending
from benchmarks.faults.processes.system_calls import Change
from benchmarks.faults.subjects.directory_state import differences, leftovers, state_of
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.kill_trials import ALREADY_DONE
from benchmarks.faults.trials.undisturbed import Place, Undisturbed, undisturbed

CONTESTED = (
    "another process is changing this directory",
    "was changed while its replacement was being made",
    "holds another index than when this change began",
    "appeared while it was being made",
    "was changed or replaced during",
)
"""Words of the errors that tell the loser of a race that there is another command."""
CHANGING = ("add again", "remove", "compact", "build-index --overwrite", "merge --overwrite")
"""Commands that may be given an index that is there already."""
MAKING = ("ingest", "embed", "build-index", "merge", "training")
"""Commands that make their output."""


def pairs_of_writers(
    commands: dict[str, WritingCommand],
) -> list[tuple[WritingCommand, WritingCommand]]:
    """Every ordered pair of commands that may be given one output."""
    changed = commands["compact"].start
    changing = [replace(commands[name], start=changed) for name in CHANGING]
    pairs = [(first, second) for first in changing for second in changing]
    pairs += [(commands[name], commands[name]) for name in MAKING]
    build, merge = commands["build-index"], commands["merge"]
    return [*pairs, (build, merge), (merge, build)]


def race_trials(
    place: Place, first: WritingCommand, second: WritingCommand, n_points: int
) -> dict[str, Any]:
    """Run `second` while `first` is stopped before up to `n_points` of its changes."""
    good = undisturbed(place, first)
    numbers = np.unique(np.linspace(1, len(good.changes), n_points).round().astype(int))
    exits: dict[str, int] = {}
    problems = []
    for number in numbers:
        endings, problem = _race(place, (first, second), good, int(number))
        key = " ".join(str(ending.status) for ending in endings)
        exits[key] = exits.get(key, 0) + 1
        if problem:
            change = good.changes[number - 1]
            problems.append({"at": f"{number} ({change.call})", "problem": problem})
    name = f"{first.name} + {second.name}"
    return {"command": name, "trials": len(numbers), "exits": exits, "problems": problems}


def reader_trials(place: Place, command: WritingCommand, n_points: int) -> dict[str, Any]:
    """Open and query the index while `command` is stopped before its changes."""
    good = undisturbed(place, command)
    numbers = set(np.linspace(1, len(good.changes), n_points).round().astype(int).tolist())
    problems, n_read = [], 0
    command.prepare(place.work)

    def plan(change: Change) -> Decision:
        nonlocal n_read
        if change.number in numbers:
            n_read += 1
            answers = place.index_answers()
            if answers not in (good.answers_before, good.answers_after):
                problems.append({"at": change.number, "problem": str(answers)[:300]})
        return MAKE

    ending = place.observe(command, plan)
    if ending.status:
        problems.append({"at": "the end", "problem": ending.text[-300:]})
    return {"command": command.name, "trials": n_read, "problems": problems}


def _race(
    place: Place, pair: tuple[WritingCommand, WritingCommand], good: Undisturbed, number: int
) -> tuple[list[Ending], str | None]:
    """Endings of both commands, and what is wrong then, if anything."""
    first, second = pair
    first.prepare(place.work)
    meanwhile: list[Ending] = []

    def plan(change: Change) -> Decision:
        if change.number == number:
            meanwhile.append(place.run(second, "second.txt"))
        return MAKE

    endings = [place.observe(first, plan), *meanwhile]
    losers = [ending for ending in endings if ending.status]
    for ending in losers:
        told = any(words in ending.text for words in (*CONTESTED, *ALREADY_DONE))
        if ending.status != 1 or "Traceback" in ending.text or not told:
            return endings, f"status {ending.status}: {ending.text[-400:]}"
    if len(losers) == len(endings):
        return endings, "nobody won: " + " | ".join(ending.text[-200:] for ending in losers)
    left = leftovers(place.work)
    if left:
        return endings, f"left: {left[:5]}"
    return endings, _problem_of_result(place, pair, good, endings)


def _problem_of_result(
    place: Place,
    pair: tuple[WritingCommand, WritingCommand],
    good: Undisturbed,
    endings: list[Ending],
) -> str | None:
    if good.answers_after is not None:
        verified = place.answer(lambda: verified_size(place))
        if not isinstance(verified, int):
            return f"the index is damaged: {verified}"
    # Two different changes of an index may both have been made, one after the other.
    if pair[0] is pair[1] or any(ending.status for ending in endings[1:]):
        different = differences(good.after, state_of(place.work))
        if different and endings[0].status == 0:
            return f"differs from the winner's result: {different[:5]}"
    return None


def verified_size(place: Place) -> int:
    """Number of galaxies of the index at the output, every byte of which is checked."""
    from galsearch import verify

    return verify(place.out).n_galaxies
