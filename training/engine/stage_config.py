"""What the configs of the three stages share; a TOML file holds differences from the defaults."""

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
    """A run's length, batch, optimiser and habits. Each stage adds its own."""

    architecture: Literal["galsearch-small", "astroclip"] = "galsearch-small"
    """Sizes by name: those of the weights that ship, or the paper's."""
    model: ModelConfig | None = None
    """A `[model]` table in the file takes the place of the named sizes, whole."""
    seed: int = 1
    """Weights, order and augmentation all follow from it."""
    epochs: float = 20.0
    """Passes over the training galaxies."""
    n_steps: int = 0
    """Steps of the optimiser; 0: as many as `epochs` makes."""
    schedule_steps: int = 0
    """Steps until the learning rate is at its end; 0: the whole run."""
    batch_size: int = 256
    """Galaxies a step, in all processes together."""
    accumulate: int = 1
    """Parts in which a batch goes through the network: memory for time, the same gradient."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """bf16: matrix products under autocast; weights, losses and optimiser stay float32."""
    learning_rate: float = 1e-3
    """Peak of the schedule: linear warm-up, then half a cosine."""
    final_learning_rate: float = 0.0
    warm_up_share: float = 0.05
    """Of the schedule's steps."""
    weight_decay: float = 0.05
    """On matrices alone: biases, norms, tokens and the scale are left free."""
    beta_1: float = 0.9
    beta_2: float = 0.98
    """Memory of AdamW's mean and mean square."""
    gradient_clip: float = 1.0
    """Largest length of the gradient."""
    log_steps: int = 10
    """Steps between two lines of the log."""
    validate_steps: int = 0
    """Steps between two validations; 0: once a pass."""
    checkpoint_minutes: float = 10.0
    """Minutes between two states on disk: at most this much work is lost."""
    checkpoint_steps: int = 0
    """Steps between two states on disk; 0: by the clock alone."""
    memory_gb: float = 8.0
    """Prepared pixels (float16) are held in memory up to this size, and streamed from a file in
    the run's directory above it."""

    def __post_init__(self) -> None:
        positive = ("batch_size", "accumulate", "log_steps", "learning_rate", "gradient_clip")
        wrong = [name for name in positive if getattr(self, name) <= 0]
        wrong += [] if self.n_steps > 0 or self.epochs > 0 else ["epochs"]
        if wrong:
            found = ", ".join(f"{name} = {getattr(self, name)}" for name in wrong)
            raise ConfigError(f"expected numbers above 0, found {found}.")


C = TypeVar("C", bound=StageConfig)


def read_stage_config(path: Path, kind: type[C], architectures: Mapping[str, ModelConfig]) -> C:
    """The config in a TOML file, its architecture resolved to sizes."""
    config = read_config(path, kind)
    if config.model is not None:
        return config
    return dataclasses.replace(config, model=architectures[config.architecture])


def config_as_json(config: StageConfig) -> str:
    """The resolved config as text; `config_of_json` gives it back."""
    return json.dumps(_without_none(as_table(config)))


def config_of_json(text: str, kind: type[C], *, where: str) -> C:
    """The config that `config_as_json` wrote."""
    return config_from_table(json.loads(text), kind, where=where)


def differences(own: object, other: object, prefix: str = "") -> list[str]:
    """Every field in which two configs of a kind differ, as 'name is A, not B'."""
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
