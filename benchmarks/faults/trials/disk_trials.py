"""Commands on disks that are full after some bytes, read-only, slow, or fail once."""

import errno
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.faults.processes.observed_process import MAKE, Decision, Ending, Plan
from benchmarks.faults.processes.system_calls import Change
from benchmarks.faults.subjects.directory_state import State, differences, leftovers, state_of
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.undisturbed import Place, Undisturbed, undisturbed

FULL = "cannot be written: the disk is full"
READ_ONLY = "cannot be written: the file system is read-only"
BROKEN = "cannot be written: the disk reports an input/output error"
_DELAY_S = 0.002
_MESSAGE = re.compile(r"(?m)^(?:galsearch|error): (.*)$")
_TEMPORARY = re.compile(r"/\.[^/ ]*\.part")


def full_disk(free_bytes: int) -> Plan:
    """A plan in which the disk is full after so many bytes; the last write is cut short."""
    left = free_bytes

    def plan(change: Change) -> Decision:
        nonlocal left
        if not change.needs_space:
            return MAKE
        if left <= 0 or (change.call == "fallocate" and change.n_bytes > left):
            left = 0
            return Decision(error=errno.ENOSPC)
        written, left = min(change.n_bytes, left), left - change.n_bytes
        return MAKE if written == change.n_bytes else Decision(n_bytes=written)

    return plan


def read_only_disk() -> Plan:
    """A plan in which nothing can be changed."""
    return lambda _: Decision(error=errno.EROFS)


def broken_disk(number: int) -> Plan:
    """A plan in which the change with this number fails with an input/output error."""
    return lambda change: Decision(error=errno.EIO) if change.number == number else MAKE


def slow_disk() -> Plan:
    """A plan in which each change takes two milliseconds."""

    def plan(_: Change) -> Decision:
        time.sleep(_DELAY_S)
        return MAKE

    return plan


def full_disk_trials(place: Place, command: WritingCommand, n_points: int) -> dict[str, Any]:
    """Run a command on disks that are full after `n_points` numbers of bytes."""
    good = undisturbed(place, command)
    needed = sum(change.n_bytes for change in good.changes if change.needs_space)
    points = np.unique(np.linspace(0, needed, n_points).round().astype(int))
    plans = {f"{point} bytes free": full_disk(int(point)) for point in points}
    return {"needed_bytes": needed, **_trials(place, command, good, plans, FULL)}


def other_disk_trials(place: Place, command: WritingCommand, n_points: int) -> dict[str, Any]:
    """Run a command on a read-only disk, a slow one, and ones that fail once."""
    good = undisturbed(place, command)
    numbers = np.unique(np.linspace(1, len(good.changes), n_points).round().astype(int))
    broken = {
        f"error at change {number} ({good.changes[number - 1].call})": broken_disk(int(number))
        for number in numbers
    }
    return {
        "read-only": _trials(place, command, good, {"read-only": read_only_disk()}, READ_ONLY),
        "slow": _trials(place, command, good, {"slow": slow_disk()}, "nothing fails"),
        "broken": _trials(place, command, good, broken, BROKEN),
    }


def _trials(
    place: Place, command: WritingCommand, good: Undisturbed, plans: dict[str, Plan], reason: str
) -> dict[str, Any]:
    exits: dict[str, int] = {}
    problems = []
    for name, plan in plans.items():
        command.prepare(place.work)
        ending = place.observe(command, plan)
        exits[str(ending.status)] = exits.get(str(ending.status), 0) + 1
        problem = _problem(place, command, good, ending, reason)
        if problem:
            problems.append({"disk": name, "problem": problem})
    return {"command": command.name, "trials": len(plans), "exits": exits, "problems": problems}


def _problem(
    place: Place, command: WritingCommand, good: Undisturbed, ending: Ending, reason: str
) -> str | None:
    """The fault that is found after a command met a bad disk; None where all is right."""
    checks: tuple[Callable[[], str | None], ...] = (
        lambda: _problem_of_message(place, ending, reason),
        lambda: _problem_of_files(place, command, good, ending),
    )
    return next((problem for check in checks if (problem := check())), None)


def _problem_of_message(place: Place, ending: Ending, reason: str) -> str | None:
    if ending.status == 0:
        return None
    said = _MESSAGE.search(ending.text)
    if ending.status != 1 or "Traceback" in ending.text or said is None:
        return f"status {ending.status}: {ending.text[-500:]}"
    if reason not in said[1] or str(place.work) not in said[1] or _TEMPORARY.search(said[1]):
        return f"not the message of a bad disk: {said[1]}"
    return None


def _problem_of_files(
    place: Place, command: WritingCommand, good: Undisturbed, ending: Ending
) -> str | None:
    after = state_of(place.work)
    if ending.status == 0:
        different = _changed(good.after, after, ending)
        return f"success, but differs: {different[:5]}" if different else None
    left = [] if _kept_by_the_disk(ending) else leftovers(place.work)
    if left:
        return f"left: {left[:5]}"
    if not command.continues:
        different = _changed(good.before, after, ending)
        return f"the state before is not intact: {different[:5]}" if different else None
    rerun = place.run(command)
    different = differences(good.after, state_of(place.work))
    if rerun.status or different:
        return f"rerun: status {rerun.status}, differs {different[:5]}: {rerun.text[-300:]}"
    return None


def _changed(expected: State, found: State, ending: Ending) -> list[str]:
    """Differences of two states, but for files that the disk has refused to remove."""
    different = differences(expected, found)
    return [each for each in different if not (_kept_by_the_disk(ending) and each[0] == "+")]


def _kept_by_the_disk(ending: Ending) -> bool:
    return ending.refused is not None and ending.refused.call in {"unlink", "rmdir"}
