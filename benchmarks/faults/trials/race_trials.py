"""Pairs of commands on one output: one is stopped before some of its changes, the other runs then.

Interleavings in which the second command runs as a whole between two changes of the first are
placed, not left to chance. In some more trials both commands run at the same time. What is there
afterwards must be what one of the two commands makes alone, or both one after the other.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.processes.forked_commands import finish, start_forked
from benchmarks.faults.processes.observed_process import MAKE, Decision, Ending
from benchmarks.faults.processes.system_calls import Change
from benchmarks.faults.subjects.directory_state import State, differences, leftovers, state_of
from benchmarks.faults.subjects.raced_pairs import Pair
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
OCCUPIED = (
    "holds no simulated survey",
    "is not a directory",
    "is a directory, not a file",
    "cannot be written: it is a directory",
    "and no embeddings; nothing was changed",
    "has embeddings of encoder",
    "exists and is not an index",
)
"""Words of the errors that tell a command that something of another kind is at its output."""
_TOLD = (*CONTESTED, *ALREADY_DONE, *OCCUPIED)
_SIMULTANEOUS_STARTS = (0.0, 0.5)
"""Starts of the second command, in durations of the first, where both run at the same time."""
_Key = tuple[str, tuple[str, ...], Path | None]


@dataclass
class Results:
    """The results of commands without a disturbance, each made once."""

    place: Place
    _alone: dict[_Key, Undisturbed] = field(default_factory=dict)
    _in_order: dict[tuple[_Key, _Key], Any] = field(default_factory=dict)

    def alone(self, command: WritingCommand) -> Undisturbed:
        """The result of a command that runs alone."""
        key = _key(command)
        if key not in self._alone:
            self._alone[key] = undisturbed(self.place, command)
        return self._alone[key]

    def in_order(self, first: WritingCommand, second: WritingCommand) -> Any:
        """The outcome of two commands, one after the other; None where one of them fails."""
        key = _key(first), _key(second)
        if key not in self._in_order:
            first.prepare(self.place.work)
            endings = [self.place.run(first), self.place.run(second)]
            failed = any(ending.status for ending in endings)
            self._in_order[key] = None if failed else outcome(self.place)
        return self._in_order[key]


def race_trials(
    results: Results, first: WritingCommand, second: WritingCommand, n_points: int
) -> dict[str, Any]:
    """Race two commands; returns the counts of how they ended, and what was wrong.

    Parameters
    ----------
    results
        Results of undisturbed commands, which races of many pairs share.
    first
        The command that is stopped before up to `n_points` of its changes.
    second
        The command that runs as a whole meanwhile. Half as many times both run at the same time.
    n_points
        Number of changes, evenly among all.
    """
    place = results.place
    good = results.alone(first)
    numbers = np.unique(np.linspace(1, len(good.changes), n_points).round().astype(int))
    races: dict[str, Callable[[], list[Ending]]] = {}
    for number in numbers.tolist():
        at = f"{number} ({good.changes[number - 1].call})"
        races[at] = partial(_stopped_race, place, first, second, number)
    for number in range(n_points // 2):
        share = _SIMULTANEOUS_STARTS[number % len(_SIMULTANEOUS_STARTS)]
        delay_s = share * good.seconds
        name = f"at the same time, {number + 1}"
        races[name] = partial(_simultaneous_race, place, first, second, delay_s)
    exits: Counter[str] = Counter()
    problems = []
    for at, race in races.items():
        first.prepare(place.work)
        endings = race()
        exits[" ".join(str(ending.status) for ending in endings)] += 1
        problem = _problem(results, (first, second), endings)
        if problem:
            problems.append({"at": at, "problem": problem})
    name = f"{first.name} + {second.name}"
    return {"command": name, "trials": len(races), "exits": dict(exits), "problems": problems}


def outcome(place: Place) -> Any:
    """The answers of the index at the output, or the content of the directory without an index."""
    answers = place.index_answers() if (place.out / "manifest.json").is_file() else None
    return state_of(place.work) if answers is None else answers


def _key(command: WritingCommand) -> _Key:
    return command.name, command.arguments, command.start


def _stopped_race(
    place: Place, first: WritingCommand, second: WritingCommand, number: int
) -> list[Ending]:
    """Endings of both commands, where the second runs before one change of the first."""
    meanwhile: list[Ending] = []

    def plan(change: Change) -> Decision:
        if change.number == number:
            meanwhile.append(place.run(second, "second.txt"))
        return MAKE

    return [place.observe(first, plan), *meanwhile]


def _simultaneous_race(
    place: Place, first: WritingCommand, second: WritingCommand, delay_s: float
) -> list[Ending]:
    """Endings of both commands, where the second starts some time after the first."""
    logs = place.root / "log.txt", place.root / "second.txt"
    children = [start_forked(first.run, logs[0])]
    time.sleep(delay_s)
    children.append(start_forked(second.run, logs[1]))
    return [finish(child, log) for child, log in zip(children, logs, strict=True)]


def _problem(results: Results, pair: Pair, endings: list[Ending]) -> str | None:
    """A problem after a race; None where one won and the other was told, or both are right."""
    losers = [ending for ending in endings if ending.status]
    for ending in losers:
        told = any(words in ending.text for words in _TOLD)
        if ending.status != 1 or "Traceback" in ending.text or not told:
            return f"status {ending.status}: {ending.text[-400:]}"
    if len(losers) == len(endings):
        return "nobody won: " + " | ".join(ending.text[-200:] for ending in losers)
    left = leftovers(results.place.work)
    if left:
        return f"left: {left[:5]}"
    return _problem_of_result(results, pair, endings)


def _problem_of_result(results: Results, pair: Pair, endings: list[Ending]) -> str | None:
    place = results.place
    found, answers = state_of(place.work), outcome(place)
    if (place.out / "manifest.json").is_file():
        verified = place.answer(lambda: verified_size(place))
        if not isinstance(verified, int):
            return f"the index is damaged: {verified}"
    winners = [pair[number] for number, ending in enumerate(endings) if ending.status == 0]
    if len(winners) == 1:
        return _problem_of_winner(results, winners[0], found)
    # These run other commands at the same place.
    if answers not in (results.in_order(*pair), results.in_order(*reversed(pair))):
        return f"both won, but no order of them gives this: {str(answers)[:300]}"
    return None


def _problem_of_winner(results: Results, winner: WritingCommand, found: State) -> str | None:
    """A problem of a result that must be what one command makes alone; None where it is."""
    try:
        expected = results.alone(winner).after
    except RuntimeError as error:
        return f"{winner.name} won, and fails alone: {str(error)[-300:]}"
    different = differences(expected, found)
    return f"differs from what {winner.name} makes: {different[:5]}" if different else None


def verified_size(place: Place) -> int:
    """Number of galaxies of the index at the output, every byte of which is checked."""
    from galsearch import verify

    return verify(place.out).n_galaxies
