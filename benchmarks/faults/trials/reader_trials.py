"""Readers of an index while a command that changes it is stopped before some of its changes."""

from typing import Any

import numpy as np

from benchmarks.faults.processes.observed_process import MAKE, Decision
from benchmarks.faults.processes.system_calls import Change
from benchmarks.faults.subjects.writing_commands import WritingCommand
from benchmarks.faults.trials.undisturbed import Place, undisturbed


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
