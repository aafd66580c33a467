"""The moving average of weights follows its rule and can be saved in the middle."""

import pytest
import torch
from torch import nn

from training.engine.weight_average import average_of


def averages(decay: float, n: int, restart_at: int | None = None) -> list[float]:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(layer.weight)
    average = average_of(layer, decay)
    found = []
    for step in range(n):
        nn.init.constant_(layer.weight, float(step + 1))
        if step == restart_at:
            state = average.state_dict()
            average = average_of(layer, decay)
            average.load_state_dict(state)
        average.update_parameters(layer)
        found.append(average.module.weight.item())  # type: ignore[arg-type]
    return found


def test_the_average_is_that_of_a_slow_loop() -> None:
    expected, value = [], 1.0
    for step in range(40):
        decay = min(0.8, (1 + step) / (10 + step)) if step else 0.0
        value = decay * value + (1 - decay) * (step + 1)
        expected.append(value)
    assert averages(0.8, 40) == pytest.approx(expected)
    assert averages(0.8, 40, restart_at=17) == averages(0.8, 40)


def test_without_decay_the_average_is_the_last_weight() -> None:
    assert averages(0.0, 5) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert torch.is_tensor(average_of(nn.Linear(1, 1), 0.5).n_averaged)
