"""AdamW as all stages use it: rates and decays by name, a schedule, a clipped gradient."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from training.engine.schedules import warm_up_cosine
from training.engine.stage_config import StageConfig


def is_matrix(name: str, parameter: Tensor) -> float:
    """1 for what weight decay is for; 0 for biases, norms, tokens and the scale."""
    del name
    return float(parameter.ndim >= 2 and min(parameter.shape) > 1)


def everything_alike(name: str) -> float:
    """1: every parameter has the whole learning rate."""
    del name
    return 1.0


def make_optimiser(
    module: nn.Module,
    config: StageConfig,
    *,
    rate_share: Callable[[str], float] = everything_alike,
    decay_share: Callable[[str, Tensor], float] = is_matrix,
) -> torch.optim.AdamW:
    """AdamW over what is trainable, one group for each pair of shares.

    Parameters
    ----------
    rate_share, decay_share
        Of a parameter in the learning rate and the weight decay.
    """
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            shares = rate_share(name), decay_share(name, parameter)
            groups.setdefault(shares, []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": members, "rate_share": rate, "decay_share": decay}
            for (rate, decay), members in groups.items()
        ],
        lr=config.learning_rate,
        betas=(config.beta_1, config.beta_2),
    )


def set_rates(optimiser: torch.optim.AdamW, rate: float, decay: float) -> None:
    """Every group's learning rate and weight decay for the step to come."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["rate_share"]
        group["weight_decay"] = decay * group["decay_share"]


def learning_rate(step: int, n_steps: int, config: StageConfig) -> float:
    """A line from the first step on to the peak, then half a cosine down to the final rate."""
    n_steps = config.schedule_steps or n_steps
    warm_up = max(1, round(config.warm_up_share * n_steps))
    return warm_up_cosine(
        step,
        peak=config.learning_rate,
        final=config.final_learning_rate,
        n_steps=n_steps,
        n_warm_up=warm_up,
        start=config.learning_rate / warm_up,
        peak_ends_warm_up=True,
    )


def clip_gradient(module: nn.Module, longest: float) -> Tensor:
    """The gradient's length before it was cut to `longest`."""
    return nn.utils.clip_grad_norm_(module.parameters(), longest)
