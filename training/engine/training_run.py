"""What happens around a stage's steps, the same for all three: state, log, progress, stopping.

    for step in run.steps():
        ...  # one step of the optimiser
        run.log(loss=loss)

A state is written at the interval of the config, at the end and when the process is asked to
stop. Everything drawn at random follows from the seed and the step (`Processes.seed`) or is in
the order of the data, so that weights, optimiser, order and step number are the whole state: a
run that was killed and is started again goes through the same numbers.
"""

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from galsearch.core.errors import CheckpointError, GalsearchError
from training.engine.interruption import EXIT_STATUS, Interruption
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, config_as_json


class DivergedError(GalsearchError, ArithmeticError):
    """A loss that is no number any more."""

    code = "diverged"


class Stateful(Protocol):
    """Something that a state holds: a module, an optimiser, the order of the data."""

    def state_dict(self) -> Mapping[str, Any]:
        """Tensors, numbers and text."""
        ...

    def load_state_dict(self, state: Any) -> Any:
        """Take back what `state_dict` gave."""
        ...


class Run:
    """A run of a stage, from the state on disk where there is one.

    Parameters
    ----------
    place
        Its directory.
    config
        Resolved.
    dataset_digest
        A run goes on with the dataset it was begun with, or not at all.
    n_steps
        Its whole length.
    processes
        The first writes the files.
    parts
        What the state consists of, by name.
    """

    def __init__(
        self,
        place: RunDirectory,
        config: StageConfig,
        dataset_digest: str,
        n_steps: int,
        processes: Processes,
        parts: Mapping[str, Stateful],
    ) -> None:
        self.place, self.config, self.dataset_digest = place, config, dataset_digest
        self.n_steps, self.processes, self.parts = n_steps, processes, dict(parts)
        self.step = 0
        self.best = -math.inf
        self.seconds = 0.0
        self._note = ""
        self._console = Console(stderr=True)

    def restore(self) -> bool:
        """Take everything from the state on disk; False where the run is new."""
        state = self.place.read_state()
        if state is None:
            if self.processes.is_first:
                self.place.begin(self.config)
                self.place.cut_log(-1)
            return False
        if state["dataset"] != self.dataset_digest:
            raise CheckpointError(
                f"{self.place.path} was begun with another dataset (digest "
                f"{state['dataset'][:12]}, found {self.dataset_digest[:12]}): name that dataset, "
                "or another --out."
            )
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        self.step, self.best, self.seconds = state["step"], state["best"], state["seconds"]
        if self.processes.is_first:
            self.place.cut_log(self.step)
        return True

    def save(self) -> None:
        """Write the state."""
        if self.processes.is_first:
            self.place.write_state(
                {
                    "config": config_as_json(self.config),
                    "dataset": self.dataset_digest,
                    "step": self.step,
                    "best": self.best,
                    "seconds": self.seconds,
                    "parts": {name: part.state_dict() for name, part in self.parts.items()},
                }
            )

    def steps(self) -> Iterator[int]:
        """Step numbers from where the run stands; between two, what must happen happens."""
        self.say(f"{self.n_steps} steps, from step {self.step}; Ctrl-C stops with the state kept")
        bar = Progress(
            BarColumn(20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            disable=not self.processes.is_first,
        )
        with Interruption() as stop, bar:
            task = bar.add_task("", total=self.n_steps, completed=self.step, note="")
            saved = since = time.monotonic()
            while self.step < self.n_steps:
                yield self.step
                self.step += 1
                now = time.monotonic()
                self.seconds, since = self.seconds + now - since, now
                bar.update(task, completed=self.step, note=self._note)
                if self.processes.any(stop.asked):
                    self._stop()
                if self.processes.any(self._is_due(now - saved)):
                    self.save()
                    saved = now
        self.save()

    def is_last(self, every: int) -> bool:
        """Whether the step under way ends a stretch of `every` steps, or the run."""
        done = self.step + 1
        return done % every == 0 or done == self.n_steps

    def log(self, **numbers: float | torch.Tensor) -> dict[str, float]:
        """A line of the log for the step under way.

        Raises
        ------
        DivergedError
            Where a loss is not finite.
        """
        found = {name: float(value) for name, value in numbers.items()}
        for name, value in found.items():
            if "loss" in name and not math.isfinite(value):
                raise DivergedError(
                    f"{name} is {value} at step {self.step}: lower learning_rate (now "
                    f"{self.config.learning_rate:g}) or gradient_clip (now "
                    f"{self.config.gradient_clip:g}); {self.place.state_path} holds the last "
                    "good state, if one was written."
                )
        line = {"step": self.step + 1, **found, "seconds": round(self.seconds, 2)}
        if self.processes.is_first:
            self.place.append_log(line)
        text = " ".join(f"{name} {value:.4g}" for name, value in found.items())
        if "loss" in found:
            self._note = f"loss {found['loss']:.4g}"
        else:
            self.say(f"step {self.step + 1}: {text}")
        return line

    def say(self, text: str) -> None:
        """A line for people, on stderr."""
        if self.processes.is_first:
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _is_due(self, since_saved: float) -> bool:
        every = self.config.checkpoint_steps
        if every and self.step % every == 0:
            return True
        return since_saved >= 60 * self.config.checkpoint_minutes

    def _stop(self) -> None:
        self.save()
        self.say(
            f"asked to stop: the state after step {self.step} is in {self.place.state_path}; "
            "the same command continues."
        )
        raise SystemExit(EXIT_STATUS)
