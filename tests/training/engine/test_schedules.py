"""Learning rates, weight decay and their multipliers are those of the published runs."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from tests.reference.parity import PARITY
from training.engine.schedules import decay_multiplier, rate_multiplier, warm_up_cosine


@pytest.fixture(scope="module")
def parity() -> Path:
    if not PARITY.is_dir():
        pytest.skip("no reference numbers beside this checkout (../shared/parity)")
    return PARITY


def test_learning_rates_of_the_published_runs(parity: Path) -> None:
    record = json.loads((parity / "schedules.json").read_text())
    for steps, rates, run in (
        ("clip_steps", "clip_lr", {"peak": 1e-4, "n_steps": 10_000, "n_warm_up": 1_000}),
        ("spec_steps", "spec_lr", {"peak": 1e-5, "n_steps": 500_000, "n_warm_up": 2_000}),
    ):
        found = [warm_up_cosine(step, **run) for step in record[steps]]
        np.testing.assert_allclose(found, record[rates], rtol=1e-6, atol=1e-15)


def test_schedules_of_astrodino(parity: Path) -> None:
    record = json.loads((parity / "schedules.json").read_text())
    runs = {
        "lr": {"peak": 2e-4 * math.sqrt(1440 / 1024), "final": 1e-6, "n_warm_up": 40_000},
        "wd": {"peak": 0.001, "final": 0.01},
        "momentum": {"peak": 0.992, "final": 1.0},
        "teacher_temp": {
            "peak": 0.07, "final": 0.07, "n_warm_up": 37_500, "start": 0.04,
        },
    }  # fmt: skip
    for name, run in runs.items():
        found = [
            warm_up_cosine(step, n_steps=250_000, peak_ends_warm_up=True, **run)
            for step in record["iterations"]
        ]
        np.testing.assert_allclose(found, record[name], rtol=1e-6, err_msg=name)


def test_multipliers_of_every_parameter(parity: Path) -> None:
    path = parity / "real_keys" / "astrodino_lr_wd_multipliers.json"
    listed = json.loads(path.read_text())
    assert len(listed) == 343
    for name, (rate, decay, _) in listed.items():
        assert rate_multiplier(name, depth=24) == pytest.approx(rate, rel=1e-6), name
        assert decay_multiplier(name) == decay, name
