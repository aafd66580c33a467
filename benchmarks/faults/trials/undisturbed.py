"""A place where commands run, and what a command does there when nothing disturbs it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.faults.processes.forked_commands import answer_of, run_forked
from benchmarks.faults.processes.observed_process import MAKE, Ending, Plan, observe
from benchmarks.faults.processes.system_calls import Change
from benchmarks.faults.subjects.directory_state import State, state_of
from benchmarks.faults.subjects.small_survey import embedded_ids
from benchmarks.faults.subjects.writing_commands import (
    OUT,
    WritingCommand,
    writing_commands,
)

_K = 5


@dataclass(frozen=True)
class Place:
    """A directory with inputs, one where commands run, and logs of what they print.

    Parameters
    ----------
    root
        Absolute path without symbolic links. `root/inputs` holds the inputs.
    """

    root: Path

    @property
    def inputs(self) -> Path:
        """Directory of the inputs, which no command changes."""
        return self.root / "inputs"

    @property
    def work(self) -> Path:
        """Directory where the commands run, which is emptied before each."""
        return self.root / "work"

    @property
    def out(self) -> Path:
        """Output of the commands."""
        return self.work / OUT

    @property
    def commands(self) -> dict[str, WritingCommand]:
        """Every command that writes, by name."""
        return writing_commands(self.inputs, self.work)

    def observe(self, command: WritingCommand, plan: Plan) -> Ending:
        """Run a command, and ask a plan before each of its changes in the working directory."""
        return observe(command.run, self.work, plan, self.root / "log.txt")

    def run(self, command: WritingCommand, log: str = "rerun.txt") -> Ending:
        """Run a command to its end."""
        return run_forked(command.run, self.root / log)

    def answer(self, function: Callable[[], Any]) -> Any:
        """The value that a function returns in a process of its own; a text where it fails."""
        return answer_of(function, self.root / "answer.txt")

    def index_answers(self, index: Path | None = None) -> Any:
        """Answers of an index, by default of the one at the output."""
        path = self.out if index is None else index
        return self.answer(lambda: answers_of_index(path))


@dataclass(frozen=True)
class Undisturbed:
    """The result of a command that nothing disturbs."""

    before: State
    after: State
    changes: tuple[Change, ...]
    answers_before: Any
    """Answers of the index that was there before; None where there was none."""
    answers_after: Any
    """Answers of the index that the command wrote; None where it wrote none."""
    seconds: float
    """Duration of the command under observation."""


def undisturbed(place: Place, command: WritingCommand) -> Undisturbed:
    """Run a command without a fault, and return what it did.

    Raises
    ------
    RuntimeError
        Where the command fails.
    """
    place.work.mkdir(exist_ok=True)
    command.prepare(place.work)
    before, answers = state_of(place.work), None
    if command.changes_an_index:
        answers = place.index_answers()
    start = time.monotonic()
    ending = place.observe(command, lambda _: MAKE)
    seconds = time.monotonic() - start
    if ending.status:
        raise RuntimeError(f"{command.name}: status {ending.status}\n{ending.text}")
    is_index = (place.out / "manifest.json").is_file()
    after = place.index_answers() if is_index else None
    return Undisturbed(before, state_of(place.work), ending.changes, answers, after, seconds)


def answers_of_index(index: Path) -> list[Any]:
    """Neighbours of some galaxies in all directions, by exact and by approximate search."""
    from galsearch import open_index
    from galsearch.core.modality import Modality

    engine = open_index(index)
    ids = [target_id for target_id in embedded_ids()[[20, 120, 270, 330]] if target_id in engine]
    found: list[Any] = [len(engine)]
    for using in Modality:
        for among in Modality:
            for exact in (False, True):
                batch = engine.query_many(
                    ids, using=using.value, among=among.value, k=_K, exact=exact
                )
                found.append([neighbours.target_ids.tolist() for neighbours in batch])
                found.append([neighbours.similarity.tolist() for neighbours in batch])
    column = engine.query(ids[0], using="image", among="image", k=_K, where="z > 0.2")
    return [*found, column.target_ids.tolist(), column.z.tolist()]
