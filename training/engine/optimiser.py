"""The AdamW optimiser of all stages, with learning rates and weight decays by parameter name."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from training.engine.schedules import warm_up_cosine
from training.engine.stage_config import StageConfig


def is_matrix(name: str, parameter: Tensor) -> float:
    """Share of the weight decay of a parameter: 1 for matrices; 0 for biases, norms and tokens."""
    del name
    return float(parameter.ndim >= 2 and min(parameter.shape) > 1)


def full_rate(name: str) -> float:
    """Share of the learning rate of a parameter: always 1."""
    del name
    return 1.0


def make_optimiser(
    module: nn.Module,
    config: StageConfig,
    *,
    rate_share: Callable[[str], float] = full_rate,
    decay_share: Callable[[str, Tensor], float] = is_matrix,
) -> torch.optim.AdamW:
    """An AdamW optimiser of the trainable parameters, with one parameter group for each pair of
    factors on the learning rate and on the weight decay.

    Parameters
    ----------
    module
        The network whose parameters are trained.
    config
        Gives the learning rate and the betas.
    rate_share
        Factor on the learning rate, from the name of a parameter.
    decay_share
        Factor on the weight decay, from the name of a parameter and the parameter.
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
    """Set the learning rate and the weight decay of every parameter group of the optimiser for the
    next step, each multiplied by the factor of its group.
    """
    for group in optimiser.param_groups:
        group["lr"] = rate * group["rate_share"]
        group["weight_decay"] = decay * group["decay_share"]


def learning_rate(step: int, n_steps: int, config: StageConfig) -> float:
    """The learning rate of a step: linear warm-up to the peak, then half a cosine to the end."""
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


def clip_gradient(module: nn.Module, max_norm: float) -> Tensor:
    """Clip the gradient of a module to `max_norm`, and return its norm before clipping."""
    return nn.utils.clip_grad_norm_(module.parameters(), max_norm)
