"""The files of a run: its state, config, log, curves and encoder, and their names.

Everything is written whole under another name and then renamed, so that a process that is
killed leaves the state before.
"""

import json
import os
import pickle
from pathlib import Path
from typing import Any, TypeVar

import torch

from galsearch.core.errors import CheckpointError, ConfigError
from galsearch.files.atomic import new_file
from training.engine.stage_config import StageConfig, config_as_json, config_of_json, differences

FORMAT = "galsearch-run-1"
C = TypeVar("C", bound=StageConfig)


class RunDirectory:
    """Where one run of one stage keeps what it made and what continues it.

    Parameters
    ----------
    path
        Made when first written to.
    stage
        Such as `alignment`; a directory of another stage is refused.
    """

    def __init__(self, path: str | Path, stage: str) -> None:
        self.path, self.stage = Path(path), stage
        self.state_path = self.path / "state.pt"
        self.config_path = self.path / "config.json"
        self.log_path = self.path / "log.jsonl"
        self.curves_path = self.path / "curves.png"
        self.encoder_path = self.path / "encoder.safetensors"
        self.pixels_path = self.path / "pixels"

    def read_state(self) -> dict[str, Any] | None:
        """What the run wrote last; None for a new run.

        Raises
        ------
        CheckpointError
            Where the file is damaged, or belongs to another stage.
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
        """Replace the state on disk; what was there stays until the new one is safe."""
        with new_file(self.state_path) as temporary, temporary.open("wb") as file:
            torch.save({"format": FORMAT, "stage": self.stage, **state}, file)
            file.flush()
            os.fsync(file.fileno())

    def choose_config(self, kind: type[C], asked: C | None, asked_path: Path | None = None) -> C:
        """The run's own config where there is one, else the one asked for.

        Raises
        ------
        ConfigError
            Where both exist and differ, and where neither exists.
        """
        state = self.read_state()
        if state is None:
            if asked is None:
                raise ConfigError(
                    f"{self.path} holds no run to continue: name a config, such as "
                    f"training/configs/{self.stage}/small.toml."
                )
            return asked
        own = config_of_json(state["config"], kind, where=f"{self.state_path}, its config")
        different = [] if asked is None else differences(own, asked)
        if different:
            raise ConfigError(
                f"{self.path} was begun with another config than {asked_path}: "
                f"{'; '.join(different)}. Leave the config out to continue with the run's own, or "
                "name another --out."
            )
        return own

    def begin(self, config: StageConfig) -> None:
        """Write the resolved config, for people; the state holds its own copy."""
        with new_file(self.config_path) as temporary:
            table = json.loads(config_as_json(config))
            temporary.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")

    def read_log(self) -> list[dict[str, Any]]:
        """The log's lines, oldest first; a line that was cut off by a kill is left out."""
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
        """Take back the lines after `step` steps: they are made again."""
        kept = [line for line in self.read_log() if line["step"] <= step]
        with new_file(self.log_path) as temporary:
            text = "".join(json.dumps(line) + "\n" for line in kept)
            temporary.write_text(text, encoding="utf-8")

    def append_log(self, line: dict[str, Any]) -> None:
        """One more line."""
        with self.log_path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
