"""Parameter groups of the optimiser, and the learning rate of a step."""

import pytest
import torch

from training.engine.optimiser import clip_gradient, learning_rate, make_optimiser, set_rates
from training.engine.stage_config import StageConfig

CONFIG = StageConfig(learning_rate=0.1, warm_up_share=0.2)


def test_only_matrices_decay_and_shares_scale_the_rates() -> None:
    layer = torch.nn.Linear(3, 2)
    optimiser = make_optimiser(layer, CONFIG, rate_share=lambda n: 0.5 if n == "bias" else 1.0)
    set_rates(optimiser, 0.1, 0.04)
    found = {
        len(group["params"][0].shape): (group["lr"], group["weight_decay"])
        for group in optimiser.param_groups
    }
    assert found == {2: (0.1, 0.04), 1: (0.05, 0.0)}


def test_the_rate_rises_to_the_peak_and_falls_to_zero() -> None:
    rates = [learning_rate(step, 10, CONFIG) for step in range(11)]
    assert rates[:2] == pytest.approx([0.05, 0.1])
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[10] == 0


def test_a_long_gradient_is_clipped() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    layer.weight.grad = torch.tensor([[3.0]])
    assert float(clip_gradient(layer, 1.0)) == 3
    assert float(layer.weight.grad) == pytest.approx(1, abs=1e-5)
