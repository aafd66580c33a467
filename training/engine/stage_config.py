"""Settings that the three training stages share; a TOML file holds differences from defaults."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from galsearch.core.errors import ConfigError
from galsearch.encoders.encoder_config import ModelConfig
from galsearch.files.config import as_table, config_from_table, read_config

PAPER = "astroclip"
SMALL = "galsearch-small"


@dataclass(frozen=True)
class StageConfig:
    """Settings that all training stages have: length, batch, optimiser and saving of a run. Each
    stage adds settings of its own.
    """

    architecture: Literal["galsearch-small", "astroclip"] = "galsearch-small"
    """Named sizes of the model: those of the shipped weights, or those of the paper."""
    model: ModelConfig | None = None
    """Sizes of the model; a `[model]` table replaces all the named sizes."""
    seed: int = 1
    """Seed of the initial weights, the order of the galaxies and the augmentation."""
    epochs: float = 20.0
    """Number of passes over the training galaxies."""
    n_steps: int = 0
    """Number of optimiser steps of the run; 0: the number that follows from `epochs`."""
    schedule_steps: int = 0
    """Steps until the learning rate reaches its final value; 0: the whole run."""
    batch_size: int = 256
    """Number of galaxies in one optimiser step, summed over all processes."""
    accumulate: int = 1
    """Number of parts in which a batch goes through the network. More parts need less memory and
    more time; the gradient is the same."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16: matrix products in bfloat16 (autocast); weights, losses and optimiser stay float32."""
    learning_rate: float = 1e-3
    """Largest learning rate, reached by a linear warm-up and followed by half a cosine."""
    final_learning_rate: float = 0.0
    """Learning rate at the end of its schedule."""
    warm_up_share: float = 0.05
    """Length of the linear warm-up of the learning rate, as a fraction of the schedule's steps."""
    weight_decay: float = 0.05
    """Weight decay of matrices; biases, norms, tokens and the scale of the loss have none."""
    beta_1: float = 0.9
    beta_2: float = 0.98
    """AdamW's decay rates of the running mean and mean square of the gradient."""
    gradient_clip: float = 1.0
    """Largest norm of the gradient; a larger gradient is scaled down to this norm."""
    log_steps: int = 10
    """Steps between two lines of the log."""
    validate_steps: int = 0
    """Steps between two validations; 0: one in each epoch."""
    checkpoint_minutes: float = 10.0
    """Minutes between two saved states: an interruption loses at most this much work."""
    checkpoint_steps: int = 0
    """Steps between two saved states; 0: by `checkpoint_minutes` alone."""
    memory_gb: float = 8.0
    """Largest size, in gigabytes, of prepared pixels (float16) that are held in memory. Larger ones
    are read from a file in the directory of the run.
    """

    def __post_init__(self) -> None:
        positive = ("batch_size", "accumulate", "log_steps", "learning_rate", "gradient_clip")
        wrong = [name for name in positive if getattr(self, name) <= 0]
        wrong += [] if self.n_steps > 0 or self.epochs > 0 else ["epochs"]
        if wrong:
            found = ", ".join(f"{name} = {getattr(self, name)}" for name in wrong)
            raise ConfigError(f"expected numbers above 0, found {found}.")


C = TypeVar("C", bound=StageConfig)


def read_stage_config(path: Path, kind: type[C], architectures: Mapping[str, ModelConfig]) -> C:
    """The config in a TOML file, with the named architecture replaced by its sizes."""
    config = read_config(path, kind)
    if config.model is not None:
        return config
    return dataclasses.replace(config, model=architectures[config.architecture])


def config_as_json(config: StageConfig) -> str:
    """The config of a stage as JSON text, which `config_of_json` reads."""
    return json.dumps(_without_none(as_table(config)))


def config_of_json(text: str, kind: type[C], *, where: str) -> C:
    """The config of a stage, of class `kind`, from the JSON text that `config_as_json` made;
    `where` names the source in error messages.
    """
    return config_from_table(json.loads(text), kind, where=where)


def differences(own: object, other: object, prefix: str = "") -> list[str]:
    """Texts of the form 'name is A, not B' for every field in which two configs of one class
    differ; A is the value in `own`.
    """
    found: list[str] = []
    for field in dataclasses.fields(own):  # type: ignore[arg-type]
        left, right = getattr(own, field.name), getattr(other, field.name)
        name = f"{prefix}{field.name}"
        if dataclasses.is_dataclass(left) and dataclasses.is_dataclass(right):
            found += differences(left, right, f"{name}.")
        elif left != right:
            found.append(f"{name} is {left!r}, not {right!r}")
    return found


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
