"""The loop over the steps of a training run: saved states, logging, progress and interruption.

A stage passes its step and its validation to `TrainingRun.train`.

The state is saved at the interval of the config, at the end, and when SIGTERM or Ctrl-C is
received. Every random number follows from the seed and the step (`Processes.seed`) or is part of
the order of the galaxies. Weights, optimiser, order and step number are therefore the whole state,
and a run that was killed and is started again computes the same numbers.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from galsearch.core.errors import CheckpointError, GalsearchError
from galsearch.core.fingerprint import short_digest
from training.engine.interruption import Interruption
from training.engine.processes import Processes
from training.engine.run_directory import RunDirectory
from training.engine.stage_config import StageConfig, config_as_json
from training.engine.training_curves import draw_if_possible

LogValues = dict[str, float | torch.Tensor]
"""Names and values for a line of the log."""


class DivergedError(GalsearchError, ArithmeticError):
    """Error raised when a loss becomes infinite or NaN during training."""

    code = "diverged"


class Stateful(Protocol):
    """A part of the saved state: a network, the optimiser or the order of the galaxies."""

    def state_dict(self) -> Mapping[str, Any]:
        """The state of this part of a run, as tensors, numbers and text that can be saved."""
        ...

    def load_state_dict(self, state: Any) -> Any:
        """Restore a state that `state_dict` returned."""
        ...


class TrainingRun:
    """One run of a training stage, which continues from the saved state of its directory if there
    is one.

    Parameters
    ----------
    directory
        Directory of the run.
    config
        Settings, with the sizes of the model.
    dataset_digest
        Digest of the dataset; a run can only be continued with the dataset it began with.
    n_steps
        Number of steps of the whole run.
    processes
        The processes of the run; the first one writes the files.
    parts
        The parts of the saved state, by name.
    """

    def __init__(
        self,
        directory: RunDirectory,
        config: StageConfig,
        dataset_digest: str,
        n_steps: int,
        processes: Processes,
        parts: Mapping[str, Stateful],
    ) -> None:
        self.directory, self.config, self.dataset_digest = directory, config, dataset_digest
        self.n_steps, self.processes, self.parts = n_steps, processes, dict(parts)
        self.step = 0
        self.best = -math.inf
        self.seconds = 0.0
        self._note = ""
        self._console = Console(stderr=True)

    def restore(self) -> bool:
        """Restore the saved state of the run; returns False where there is none, so that the run is
        new.

        Raises
        ------
        CheckpointError
            Where the run began with another dataset.
        """
        state = self.directory.read_state()
        if state is None:
            if self.processes.is_first:
                self.directory.begin(self.config)
                self.directory.cut_log(-1)
            return False
        if state["dataset"] != self.dataset_digest:
            raise CheckpointError(
                f"{self.directory.path} was begun with another dataset (digest "
                f"{short_digest(state['dataset'])}, found {short_digest(self.dataset_digest)}): "
                "name that dataset, or another --out."
            )
        for name, part in self.parts.items():
            part.load_state_dict(state["parts"][name])
        self.step, self.best, self.seconds = state["step"], state["best"], state["seconds"]
        if self.processes.is_first:
            self.directory.cut_log(self.step)
        return True

    def save(self) -> None:
        """Save the state of the run (config, step, best score, and all parts), in the first process
        only.
        """
        if self.processes.is_first:
            self.directory.write_state(
                {
                    "config": config_as_json(self.config),
                    "dataset": self.dataset_digest,
                    "step": self.step,
                    "best": self.best,
                    "seconds": self.seconds,
                    "parts": {name: part.state_dict() for name, part in self.parts.items()},
                }
            )

    def train(
        self,
        train_step: Callable[[int], LogValues],
        validate: Callable[[int], None],
        batches_per_epoch: int,
    ) -> None:
        """Run all remaining steps, with logging and validation at the intervals of the config.

        Parameters
        ----------
        train_step
            Makes one step of the optimiser and returns values for the log.
        validate
            Measures and logs scores after a step, and saves the encoder where it is the best.
        batches_per_epoch
            Interval of the validation where the config gives none.
        """
        for step in self.steps():
            values = train_step(step)
            if self.is_due(self.config.log_steps):
                self.log(**values)
            validation_is_due = self.is_due(self.config.validate_steps or batches_per_epoch)
            if validation_is_due and self.processes.is_first:
                validate(step)
                draw_if_possible(self.directory)

    def steps(self) -> Iterator[int]:
        """Yield the numbers of the remaining steps of the run.

        Between two steps the progress bar is updated, and the state is saved when its interval has
        passed. After SIGTERM or Ctrl-C the state is saved and the process ends with status 143
        or 130.
        """
        self.print_line(
            f"{self.n_steps} steps, from step {self.step}; Ctrl-C saves the state and stops"
        )
        bar = Progress(
            BarColumn(20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            disable=not self.processes.is_first,
        )
        with Interruption() as interruption, bar:
            task = bar.add_task("", total=self.n_steps, completed=self.step, note="")
            saved = since = time.monotonic()
            while self.step < self.n_steps:
                yield self.step
                self.step += 1
                now = time.monotonic()
                self.seconds, since = self.seconds + now - since, now
                bar.update(task, completed=self.step, note=self._note)
                if self.processes.any(interruption.requested):
                    self._stop(interruption.exit_status)
                if self.processes.any(self._checkpoint_is_due(now - saved)):
                    self.save()
                    saved = now
        self.save()

    def is_due(self, every: int) -> bool:
        """True where the current step is a multiple of `every` steps, or the last of the run."""
        done = self.step + 1
        return done % every == 0 or done == self.n_steps

    def log(self, **numbers: float | torch.Tensor) -> dict[str, float]:
        """Write a line with the given values for the current step to the log, and return them.

        The line in the log also has the seconds since the start. The returned values do not, so
        that equal trainings write equal weights.

        Raises
        ------
        DivergedError
            Where a loss is infinite or NaN.
        """
        found = {name: float(value) for name, value in numbers.items()}
        for name, value in found.items():
            if "loss" in name and not math.isfinite(value):
                raise DivergedError(
                    f"{name} is {value} at step {self.step}: lower learning_rate (now "
                    f"{self.config.learning_rate:g}) or gradient_clip (now "
                    f"{self.config.gradient_clip:g}); {self.directory.state_path} holds the last "
                    "good state, if one was written."
                )
        line = {"step": self.step + 1, **found}
        if self.processes.is_first:
            self.directory.append_log({**line, "seconds": round(self.seconds, 2)})
        text = " ".join(f"{name} {value:.4g}" for name, value in found.items())
        if "loss" in found:
            self._note = f"loss {found['loss']:.4g}"
        else:
            self.print_line(f"step {self.step + 1}: {text}")
        return line

    def print_line(self, text: str) -> None:
        """Print a line of text on stderr, in the first process only."""
        if self.processes.is_first:
            self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _checkpoint_is_due(self, since_saved: float) -> bool:
        every = self.config.checkpoint_steps
        if every and self.step % every == 0:
            return True
        return since_saved >= 60 * self.config.checkpoint_minutes

    def _stop(self, exit_status: int) -> None:
        self.save()
        self.print_line(
            f"asked to stop: the state after step {self.step} is in {self.directory.state_path}; "
            "the same command continues."
        )
        raise SystemExit(exit_status)
