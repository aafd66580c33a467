"""Training of the baselines: loss, schedule, best epoch and augmentation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.downstream.models import network_fitting
from benchmarks.downstream.models.supervised_networks import Mlp


def test_unknown_targets_give_neither_loss_nor_gradient() -> None:
    out = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    wanted = torch.tensor([[0.0, float("nan")], [float("nan"), 2.0]])
    loss = network_fitting.squared_error(out, wanted)
    loss.backward()
    assert float(loss.detach()) == pytest.approx((1 + 4) / 2)
    assert out.grad is not None
    assert out.grad.tolist() == [[1.0, 0.0], [0.0, 2.0]]


def fit_line(epochs: int, seed: int = 1) -> tuple[network_fitting.Fitted, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    y = np.stack([1e3 + 50 * x[:, 0], x[:, 1]], axis=1).astype(np.float64)
    y[::7, 1] = np.nan
    torch.manual_seed(seed)
    train, validation = np.arange(200), np.arange(200, 250)
    load = network_fitting.from_arrays(x)
    recipe = network_fitting.Recipe(epochs, 16, learning_rate=1e-2, seed=seed)
    return network_fitting.fit(Mlp(2, 2, (32,), 0.0), load, y, train, validation, recipe), y


def test_training_finds_a_line_in_the_targets_own_units_and_repeats_itself() -> None:
    fitted, y = fit_line(12)
    test = np.arange(250, 300)
    predicted = fitted.predict(test)
    assert np.abs(predicted[:, 0] - y[test, 0]).mean() < 10
    assert fitted.curve[-1]["validation"] < 0.1 < fitted.curve[0]["validation"]
    np.testing.assert_array_equal(predicted, fit_line(12)[0].predict(test))


@given(st.integers(1, 60))
def test_the_rate_rises_to_its_peak_and_falls_for_any_number_of_steps(n_steps: int) -> None:
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
    rates = []
    for step in range(n_steps):
        network_fitting.set_rate(optimiser, step, n_steps, 1e-3)
        rates.append(optimiser.param_groups[0]["lr"])
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(1e-3)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert min(rates) > 0


def test_the_weights_of_the_best_epoch_are_restored(monkeypatch) -> None:
    losses = iter([0.5, 0.2, 0.9])
    outputs = []
    true_error = network_fitting.squared_error

    def fake(out, wanted):
        if out.requires_grad:
            return true_error(out, wanted)
        outputs.append(out.clone())
        return torch.tensor(next(losses))

    monkeypatch.setattr(network_fitting, "squared_error", fake)
    fitted, _ = fit_line(3)
    assert fitted.best_epoch == 1
    again = (fitted.predict(np.arange(200, 250)) - fitted.mean) / fitted.spread
    np.testing.assert_allclose(again, outputs[1].numpy(), atol=1e-5)


def test_images_are_rotated_and_mirrored_into_eight_orientations() -> None:
    image = torch.arange(9.0).reshape(1, 1, 3, 3).expand(200, 1, 3, 3)
    other = torch.arange(200)
    rotated, same = network_fitting.random_orientations(
        (image, other), torch.Generator().manual_seed(1)
    )
    assert same is other
    kinds = {tuple(one.flatten().tolist()) for one in rotated}
    assert len(kinds) == 8
    assert all(sorted(kind) == list(range(9)) for kind in kinds)
