"""One way to train every baseline: AdamW, warm-up, cosine; validation chooses the epoch."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from training.engine.schedules import warm_up_cosine

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Load = Callable[[Rows], tuple[Tensor, ...]]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained."""

    epochs: int
    batch_size: int = 64
    learning_rate: float = 1e-3
    """Peak of the schedule."""
    weight_decay: float = 0.01
    seed: int = 1
    bf16: bool = False
    """Multiply in bfloat16 (on processors that gain by it)."""


@dataclass(eq=False)
class Fitted:
    """A trained network and what was seen of its training."""

    network: nn.Module
    load: Load
    mean: Floats
    spread: Floats
    curve: list[dict[str, float]] = field(default_factory=list)
    """Loss of training and validation galaxies, an epoch a line; 1 is as good as the mean."""
    best_epoch: int = 0

    def predict(self, rows: Rows) -> Floats:
        """(m, T) in the targets' own units; multiplied in float32, however it was trained."""
        return run(self.network, self.load, rows, bf16=False) * self.spread + self.mean

    def report(self) -> dict[str, Any]:
        """For the results file."""
        return {"curve": self.curve, "best_epoch": self.best_epoch}


def fit(
    network: nn.Module,
    load: Load,
    targets: Floats,
    train: Rows,
    validation: Rows,
    recipe: Recipe,
    *,
    augment: Callable[[tuple[Tensor, ...], torch.Generator], tuple[Tensor, ...]] | None = None,
    progress: Progress = lambda *_: None,
    name: str = "fitting",
) -> Fitted:
    """Train on the mean squared error of standardised targets; unknown ones do not count.

    The state of the epoch with the lowest validation loss is kept (a copy, not a reference).
    """
    mean, spread = np.nanmean(targets[train], axis=0), np.nanstd(targets[train], axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    wanted = torch.from_numpy(((targets - mean) / spread).astype(np.float32))
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
            loss = squared_error(out.float(), wanted[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            losses.append(float(loss.detach()))
            progress(name, step + 1, n_steps)
        seen = torch.from_numpy(run(network, load, validation, bf16=recipe.bf16)).float()
        held_out = float(squared_error(seen, wanted[validation]))
        seconds = round(time.process_time() - started, 2)
        line = {"train": round(float(np.mean(losses)), 5), "validation": round(held_out, 5)}
        fitted.curve.append({**line, "seconds": seconds})
        if held_out < best:
            best, fitted.best_epoch = held_out, epoch
            state = copy.deepcopy(network.state_dict())
    network.load_state_dict(state)
    return fitted


def set_rate(optimiser: torch.optim.Optimizer, step: int, n_steps: int, peak: float) -> None:
    """The learning rate of a step: a line to the peak over a fifth of all, half a cosine to 0."""
    rate = warm_up_cosine(step, peak=peak, n_steps=n_steps, n_warm_up=n_steps // 5, start=peak / 25)
    for group in optimiser.param_groups:
        group["lr"] = rate


def squared_error(out: Tensor, wanted: Tensor) -> Tensor:
    """The mean over what is wanted; NaN is not, and gives no gradient either."""
    known = torch.isfinite(wanted)
    # A NaN must be gone before the difference: its gradient is NaN even where it is masked.
    difference = torch.where(known, out - wanted.nan_to_num(), 0.0)
    return (difference**2).sum() / known.sum().clamp(min=1)


@torch.inference_mode()
def run(network: Callable[..., Any], load: Load, rows: Rows, *, bf16: bool) -> Floats:
    """(m, T): the network over rows, without dropout."""
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
    """Each image in one of its eight orientations: the sky has no up."""
    images, *others = inputs
    out = torch.empty_like(images)
    kind = torch.randint(8, (len(images),), generator=generator)
    for code in range(8):
        rows = kind == code
        some = torch.rot90(images[rows], code % 4, (-2, -1))
        out[rows] = some.flip(-1) if code >= 4 else some
    return (out, *others)


def from_arrays(*arrays: npt.NDArray[Any]) -> Load:
    """Rows of arrays in memory, as float32 tensors."""
    tensors: Sequence[Tensor] = [torch.from_numpy(array) for array in arrays]

    def load(rows: Rows) -> tuple[Tensor, ...]:
        at = torch.from_numpy(rows)
        return tuple(tensor[at].float() for tensor in tensors)

    return load


def has_fast_bf16() -> bool:
    """Whether this processor multiplies bfloat16 faster than float32."""
    capabilities = torch.cpu.get_capabilities()  # type: ignore[no-untyped-call]
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
