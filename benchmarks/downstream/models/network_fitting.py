"""Training of the baseline networks with AdamW, a warm-up and a cosine schedule; the validation
loss chooses the epoch.
"""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from galsearch.core.arrays import Float64Array, Rows
from galsearch.core.progress import Progress, no_progress
from training.engine.schedules import warm_up_cosine

Load = Callable[[Rows], tuple[Tensor, ...]]
"""Function from row numbers to the inputs of a network."""


@dataclass(frozen=True)
class Recipe:
    """Settings of the training of a network."""

    epochs: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    """Largest learning rate, reached after the warm-up."""
    weight_decay: float = 0.01
    seed: int = 1
    bf16: bool = False
    """True to compute matrix products in bfloat16, for processors where this is faster."""


@dataclass(eq=False)
class Fitted:
    """A trained network and the record of its training."""

    network: nn.Module
    load: Load
    mean: Float64Array
    spread: Float64Array
    """Mean and standard deviation of the targets over training galaxies."""
    curve: list[dict[str, float]] = field(default_factory=list)
    """Losses of training and validation galaxies after each epoch, in units of the variance of the
    targets: predicting the mean gives 1.
    """
    best_epoch: int = 0

    def predict(self, rows: Rows) -> Float64Array:
        """(m, T) float64 predictions for the galaxies at `rows`, in the units of the targets,
        computed in float32.
        """
        return run(self.network, self.load, rows, bf16=False) * self.spread + self.mean

    def report(self) -> dict[str, Any]:
        """The losses of each epoch and the number of the best epoch, for the results file."""
        return {"curve": self.curve, "best_epoch": self.best_epoch}


def fit(
    network: nn.Module,
    load: Load,
    targets: Float64Array,
    train: Rows,
    validation: Rows,
    recipe: Recipe,
    *,
    augment: Callable[[tuple[Tensor, ...], torch.Generator], tuple[Tensor, ...]] | None = None,
    progress: Progress = no_progress,
    name: str = "fitting",
) -> Fitted:
    """Train a network on the mean squared error of standardised targets.

    The result has the weights of the epoch with the lowest validation loss.

    Parameters
    ----------
    network
        The network; its weights are changed.
    load
        Function from row numbers to the network's inputs.
    targets : (n, T)
        Target values of all galaxies; unknown ones are NaN and do not count.
    train, validation
        Rows of the training and validation galaxies.
    recipe
        Settings of the training.
    augment
        Random changes of the inputs of a training batch.
    progress
        Receives the progress.
    name
        Name of the stage that is reported.
    """
    mean, spread = np.nanmean(targets[train], axis=0), np.nanstd(targets[train], axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled_targets = torch.from_numpy(((targets - mean) / spread).astype(np.float32))
    fitted = Fitted(network, load, mean, spread)
    generator = torch.Generator().manual_seed(recipe.seed)
    batches = max(1, -(-len(train) // recipe.batch_size))
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    best, state = np.inf, copy.deepcopy(network.state_dict())
    for epoch in range(recipe.epochs):
        started, losses = time.process_time(), []
        network.train()
        order = train[torch.randperm(len(train), generator=generator).numpy()]
        for number, rows in enumerate(np.array_split(order, batches)):
            step, n_steps = epoch * batches + number, recipe.epochs * batches
            set_rate(optimiser, step, n_steps, recipe.learning_rate)
            inputs = load(rows)
            inputs = augment(inputs, generator) if augment else inputs
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bf16):
                out = network(*inputs)
            loss = squared_error(out.float(), scaled_targets[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            losses.append(float(loss.detach()))
            progress(name, step + 1, n_steps)
        seen = torch.from_numpy(run(network, load, validation, bf16=recipe.bf16)).float()
        validation_loss = float(squared_error(seen, scaled_targets[validation]))
        seconds = round(time.process_time() - started, 2)
        line = {"train": round(float(np.mean(losses)), 5), "validation": round(validation_loss, 5)}
        fitted.curve.append({**line, "seconds": seconds})
        if validation_loss < best:
            best, fitted.best_epoch = validation_loss, epoch
            state = copy.deepcopy(network.state_dict())
    network.load_state_dict(state)
    return fitted


def set_rate(optimiser: torch.optim.Optimizer, step: int, n_steps: int, peak: float) -> None:
    """Set an optimiser's learning rate for a step: linear warm-up over a fifth of `n_steps`, then
    half a cosine to 0.
    """
    rate = warm_up_cosine(step, peak=peak, n_steps=n_steps, n_warm_up=n_steps // 5, start=peak / 25)
    for group in optimiser.param_groups:
        group["lr"] = rate


def squared_error(out: Tensor, true: Tensor) -> Tensor:
    """Mean squared error (scalar) over known targets; unknown targets (NaN) give no gradient."""
    known = torch.isfinite(true)
    # NaN must be replaced before the subtraction: otherwise its gradient is NaN despite the mask.
    difference = torch.where(known, out - true.nan_to_num(), 0.0)
    return (difference**2).sum() / known.sum().clamp(min=1)


@torch.inference_mode()
def run(network: Callable[..., Any], load: Load, rows: Rows, *, bf16: bool) -> Float64Array:
    """(m, T) outputs of a network in evaluation mode for some rows."""
    if isinstance(network, nn.Module):
        network.eval()
    parts = []
    for low in range(0, len(rows), 256):
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            parts.append(network(*load(rows[low : low + 256])).float())
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)


def random_orientations(
    inputs: tuple[Tensor, ...], generator: torch.Generator
) -> tuple[Tensor, ...]:
    """The inputs of an image network, with each image turned to one of its eight orientations at
    random (rotated by multiples of 90 degrees, mirrored or not).
    """
    images, *others = inputs
    out = torch.empty_like(images)
    kind = torch.randint(8, (len(images),), generator=generator)
    for code in range(8):
        rows = kind == code
        some = torch.rot90(images[rows], code % 4, (-2, -1))
        out[rows] = some.flip(-1) if code >= 4 else some
    return (out, *others)


def from_arrays(*arrays: npt.NDArray[Any]) -> Load:
    """A function from row numbers to these rows of the arrays, as float32 tensors."""
    tensors: Sequence[Tensor] = [torch.from_numpy(array) for array in arrays]

    def load(rows: Rows) -> tuple[Tensor, ...]:
        at = torch.from_numpy(rows)
        return tuple(tensor[at].float() for tensor in tensors)

    return load


def has_fast_bf16() -> bool:
    """True where this processor multiplies bfloat16 faster than float32."""
    capabilities = torch.cpu.get_capabilities()  # type: ignore[no-untyped-call]
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
