"""Commands that are killed before one of their changes of the file system, and run once more."""

import json
from typing import Any

import numpy as np

from benchmarks.faults.processes.observed_process import KILL, MAKE, Plan
from benchmarks.faults.subjects.directory_state import differences, leftovers, state_of
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.undisturbed import Place, Undisturbed, undisturbed

ALREADY_DONE = (
    "holds an index already",
    "exists and is not empty",
    "the file exists already",
    "are in index",
    "are not in index",
    "is in index",
    "is not in index",
)
"""Words of the errors of a command whose first run had taken effect before it was killed."""
_CHECKPOINT_STEPS = 2


def kill_trials(place: Place, command: WritingCommand, n_kills: int) -> dict[str, Any]:
    """Kill a command at up to `n_kills` points, evenly among its changes; returns the results."""
    good = undisturbed(place, command)
    numbers = np.unique(np.linspace(1, len(good.changes), n_kills).round().astype(int))
    trials = [_trial(place, command, good, int(number)) for number in numbers]
    return {
        "command": command.name,
        "changes": len(good.changes),
        "kills": len(trials),
        "midway": sum(trial["midway"] for trial in trials),
        "problems": [trial for trial in trials if trial["problem"]],
    }


def kill_at(number: int) -> Plan:
    """A plan that kills the process before its change with this number."""
    return lambda change: KILL if change.number >= number else MAKE


def _trial(place: Place, command: WritingCommand, good: Undisturbed, number: int) -> dict[str, Any]:
    """Kill a command at one point, run it again, and describe what is wrong then, if anything."""
    command.prepare(place.work)
    ending = place.observe(command, kill_at(number))
    change = ending.changes[-1]
    midway = state_of(place.work)
    problem = _problem_of_kill(place, command, good, ending.status)
    kept = _finished_work(place)
    rerun = place.run(command)
    problem = problem or _problem_of_rerun(place, command, good, rerun.status, rerun.text)
    problem = problem or _problem_of_kept_work(place, kept)
    place_of_kill = f"{change.call} {change.path.relative_to(place.root)}"
    return {
        "kill": number,
        "before": place_of_kill,
        "midway": midway != good.before,
        "problem": problem,
    }


def _problem_of_kill(
    place: Place, command: WritingCommand, good: Undisturbed, status: int
) -> str | None:
    if status != -9:
        return f"it was not killed: status {status}"
    if command.changes_an_index:
        answers = place.index_answers()
        if answers not in (good.answers_before, good.answers_after):
            return f"no readable index after the kill: {str(answers)[:300]}"
    return None


def _problem_of_rerun(
    place: Place, command: WritingCommand, good: Undisturbed, status: int, text: str
) -> str | None:
    was_done = status == 1 and any(word in text for word in ALREADY_DONE)
    if status and not was_done:
        return f"rerun: status {status}: {text[-400:]}"
    left = leftovers(place.work)
    if left:
        return f"left after the rerun: {left[:5]}"
    different = differences(good.after, state_of(place.work))
    if not different:
        return None
    # An index that was compacted before the kill is compacted twice: new names, equal content.
    if command.name == "compact" and place.index_answers() == good.answers_after:
        return None
    return f"differs from the undisturbed run: {different[:5]}"


def _finished_work(place: Place) -> dict[str, Any]:
    """Work that the next run need not repeat: shards by inode, and the steps of a training."""
    shards = {
        path.relative_to(place.work).as_posix(): path.stat().st_ino
        for path in place.work.rglob("part-*.parquet")
    }
    log = place.out / "log.jsonl"
    lines = log.read_text().splitlines() if log.is_file() else []
    steps = [json.loads(line)["step"] for line in lines if line.endswith("}")]
    return {"shards": shards, "logged": max(steps, default=0), "saved": _saved_step(place)}


def _saved_step(place: Place) -> int:
    import torch

    state = place.out / "state.pt"
    if not state.is_file():
        return 0
    return int(torch.load(state, weights_only=True)["step"])


def _problem_of_kept_work(place: Place, kept: dict[str, Any]) -> str | None:
    """At most one unit of work is done twice: a shard, or the steps since a checkpoint.

    Parts that a command joins and removes, as `neighbours` does, cannot be compared at its end.
    """
    for name, inode in kept["shards"].items():
        path = place.work / name
        if path.exists() and path.stat().st_ino != inode:
            return f"{name} was finished before the kill and is written anew"
    if kept["logged"] - kept["saved"] > _CHECKPOINT_STEPS:
        return f"step {kept['logged']} was logged, step {kept['saved']} saved"
    return None
