"""The directory of a training run: its state, config, log, curves and encoder.

Files are written atomically, so a process that is killed leaves the previous state intact. Only the
log is appended to.
"""

import json
import pickle
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

import torch

from galsearch.core.errors import CheckpointError, ConfigError
from galsearch.files.atomic import append_text, new_binary_file, write_json, write_text
from galsearch.files.lock import locked_directory
from training.engine.stage_config import StageConfig, config_as_json, config_of_json, differences

FORMAT = "galsearch-run-1"
C = TypeVar("C", bound=StageConfig)


class RunDirectory:
    """The files of one run of one stage: its results, and the state to continue it.

    Parameters
    ----------
    path
        Path of the directory; the directory is made when the first file is written.
    stage
        Name of the stage, such as `alignment`.
    """

    def __init__(self, path: str | Path, stage: str) -> None:
        self.path, self.stage = Path(path), stage
        self.state_path = self.path / "state.pt"
        self.config_path = self.path / "config.json"
        self.log_path = self.path / "log.jsonl"
        self.curves_path = self.path / "curves.png"
        self.encoder_path = self.path / "encoder.safetensors"
        self.pixels_path = self.path / "pixels"

    def locked(self) -> AbstractContextManager[None]:
        """A context in which no other training run can use this directory.

        Raises
        ------
        LockedError
            Where another run uses it.
        WriteError
            Where nothing may be written there.
        """
        return locked_directory(self.path, "training.lock")

    def read_state(self) -> dict[str, Any] | None:
        """The last saved state of the run; None for a new run.

        Raises
        ------
        CheckpointError
            Where the file of the state is damaged, or belongs to another stage.
        """
        if not self.state_path.is_file():
            return None
        try:
            state: dict[str, Any] = torch.load(self.state_path, weights_only=True)
        except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
            reason = str(error).splitlines()[0]
            raise CheckpointError(
                f"{self.state_path}: cannot be read ({reason}); delete it to start the run anew."
            ) from None
        if not isinstance(state, dict) or state.get("format") != FORMAT:
            raise CheckpointError(
                f"{self.state_path}: not the state of a run of this version of galsearch; name "
                "another --out, or delete it to start anew."
            )
        if state["stage"] != self.stage:
            raise CheckpointError(
                f"{self.path} is a run of {state['stage']}, not of {self.stage}: name another "
                "--out."
            )
        return state

    def write_state(self, state: dict[str, Any]) -> None:
        """Replace the saved state of the run; the old state stays until the new one is safely on
        the disk.
        """
        with new_binary_file(self.state_path, durable=True) as file:
            torch.save({"format": FORMAT, "stage": self.stage, **state}, file)

    def choose_config(self, kind: type[C], requested: C | None, path: Path | None = None) -> C:
        """The config to train with: the one saved with the run if the run has begun, else the
        requested one.

        Parameters
        ----------
        kind
            Class of the config.
        requested
            The config that the user named, if any.
        path
            File of the requested config, for messages.

        Raises
        ------
        ConfigError
            Where the saved and the requested config differ, and where there is neither.
        """
        state = self.read_state()
        if state is None:
            if requested is None:
                raise ConfigError(
                    f"{self.path} holds no run to continue: name a config, such as "
                    f"training/configs/{self.stage}/small.toml."
                )
            return requested
        own = config_of_json(state["config"], kind, where=f"{self.state_path}, its config")
        different = [] if requested is None else differences(own, requested)
        if different:
            raise ConfigError(
                f"{self.path} was begun with another config than {path}: "
                f"{'; '.join(different)}. Leave the config out to continue with the run's own, or "
                "name another --out."
            )
        return own

    def begin(self, config: StageConfig) -> None:
        """Write the resolved config of the run to a file for people to read; a run is continued
        from the copy in the saved state.
        """
        write_json(self.config_path, json.loads(config_as_json(config)), indent=1)

    def read_log(self) -> list[dict[str, Any]]:
        """The lines of the run's log as dictionaries, oldest first; an incomplete last line is left
        out.
        """
        if not self.log_path.is_file():
            return []
        lines = []
        for text in self.log_path.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(text))
            except json.JSONDecodeError:
                break
        return lines

    def cut_log(self, step: int) -> None:
        """Remove the lines of the log for steps after `step`, because a continued run writes these
        lines again.
        """
        remaining = [line for line in self.read_log() if line["step"] <= step]
        write_text(self.log_path, "".join(json.dumps(line) + "\n" for line in remaining))

    def append_log(self, line: dict[str, Any]) -> None:
        """Append one line, a dictionary as JSON, to the log of the run."""
        append_text(self.log_path, json.dumps(line) + "\n")
