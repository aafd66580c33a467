"""Headlines are differences and ratios of scores, with spreads over the same resampled galaxies."""

from typing import Any

import numpy as np
import pytest

from benchmarks.downstream.scoring.headlines import headlines


def row(name: str, how: str, redshift: float, mean: float, reads: str = "image") -> dict[str, Any]:
    properties = {
        "redshift": {"r2": redshift},
        "mass": {"r2": mean},
        "age": {"r2": mean},
        "mean of properties": {"r2": mean},
    }
    return {"name": name, "how": how, "reads": reads, "properties": properties}


def test_both_claims_are_measured_against_the_supervised_resnet() -> None:
    rows = [
        row("aligned", "k-NN", 0.8, 0.6),
        row("aligned", "k-NN", 0.9, 0.9, reads="spectrum"),
        row("ResNet18", "supervised", 0.7, 0.4),
    ]
    # Redshift, mass and age of three bootstrap samples.
    aligned = np.array([[0.8, 0.5, 0.7], [0.7, 0.6, 0.6], [0.9, 0.8, 0.4]])
    resnet = np.array([[0.7, 0.4, 0.4], [0.7, 0.2, 0.4], [0.6, 0.5, 0.1]])
    found = headlines({"a": aligned, "s": aligned + 9, "r": resnet}, rows)
    assert list(found) == ["k-NN"]
    assert found["k-NN"] == {
        "redshift_r2_less_resnet": pytest.approx(0.1),
        "redshift_r2_less_resnet_sd": pytest.approx(np.std([0.1, 0.0, 0.3]), abs=1e-5),
        "properties_r2_over_resnet": pytest.approx(1.5),
        "properties_r2_over_resnet_sd": pytest.approx(np.std([1.5, 2.0, 2.0]), abs=1e-5),
    }


def test_without_a_resnet_or_without_aligned_images_there_are_none() -> None:
    draws = np.zeros((2, 3))
    assert headlines({"a": draws}, [row("aligned", "k-NN", 0.8, 0.6)]) == {}
    assert headlines({"r": draws}, [row("ResNet18", "supervised", 0.8, 0.6)]) == {}
