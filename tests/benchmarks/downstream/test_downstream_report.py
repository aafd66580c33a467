"""The Markdown tables show the figures of a results file."""

from typing import Any

import pytest

from benchmarks.downstream import published_results
from benchmarks.downstream.downstream_report import tables


def scores(r2: float) -> dict[str, Any]:
    return {"n": 9, "r2": r2, "r2_sd": 0.01, "nmad": 0.02, "nmad_sd": 0.003, "outliers": 0.125,
            "outliers_sd": 0.04}  # fmt: skip


def row(name: str, how: str, curve: list[float], best_epoch: int) -> dict[str, Any]:
    return {
        "name": name,
        "reads": "image",
        "how": how,
        "training": {"properties": {"curve": curve, "best_epoch": best_epoch}},
        "properties": {
            "redshift": scores(0.5),
            "mass": scores(0.25),
            "mean of properties": {"r2": 0.25, "r2_sd": 0.01},
        },
        "shapes": {
            "all": {
                "n": 9,
                "class": {"accuracy": 0.75, "accuracy_sd": 0.05, "f1": 0.7},
                "has_bar": {"auc": None, "auc_sd": None, "accuracy": 0.9},
            }
        },
    }


@pytest.fixture
def results() -> dict[str, Any]:
    return {
        "name": "toy",
        "n": 30,
        "split_sizes": {"train": 12, "validation": 9, "test": 9},
        "labels": {"redshift": "true_z", "mass": "log10_mass"},
        "k": 5,
        "mlp_epochs": 2,
        "resnet_epochs": 3,
        "image_size": 48,
        "image_binning": 2,
        "conv_epochs": 4,
        "resnet_shapes": False,
        "shapes": ["class:disk", "has_bar"],
        "shape_baseline": {"all": {"class": 0.6, "has_bar": 0.8}},
        "contestants": [
            row("aligned", "k-NN", [3.0, 2.0], 1),
            row("ResNet18", "supervised", [3.0, 2.0], 1),
        ],
        "headlines": {
            "k-NN": {
                "redshift_r2_less_resnet": -0.02,
                "redshift_r2_less_resnet_sd": 0.01,
                "properties_r2_over_resnet": 1.5,
                "properties_r2_over_resnet_sd": 0.25,
            }
        },
        "votes": {"skipped": "no folder of real images was named"},
        "published": False,
    }


def test_every_table_shows_its_figures(results: dict[str, Any]) -> None:
    text = tables(results)
    lines = text.splitlines()
    assert lines[0].startswith(
        "toy: 30 galaxies (12 train, 9 validation, 9 test). Labels: redshift = true_z; mass = "
        "log10_mass. k = 5; epochs: MLP 2, ResNet18 3 on the central 48 pixels averaged 2 by 2, "
        "Conv+Att 4."
    )
    assert "| aligned | image | k-NN | 0.500 ± 0.010 | 0.250 ± 0.010 | 0.250 ± 0.010 |" in lines
    assert (
        "| aligned | image | k-NN | 0.0200 ± 0.0030, 12.5% ± 4.0% | 0.0200 ± 0.0030, 12.5% ± 4.0% |"
        in lines
    )
    assert "| always the most common | | | 0.600 |  | 0.500, 0.800 |" in lines
    assert "| aligned | image | k-NN | 0.750 ± 0.050 | 0.700 | none, 0.900 |" in lines
    assert "Galaxy Zoo votes: not measured, no folder of real images was named." in lines
    assert (
        "Aligned images, k-NN: redshift R2 -0.020 ± 0.010 over the supervised ResNet18's; mean "
        "property R2 1.50 ± 0.25 times the ResNet18's (AstroCLIP's README: 1.09 from .47 and .43)."
        in lines
    )
    assert published_results.table() not in text
    assert published_results.table() in tables({**results, "published": True})


def test_a_network_that_still_improves_is_named(results: dict[str, Any]) -> None:
    assert "Still improving at the last epoch: ResNet18 (properties)" in tables(results)
    results["contestants"][1]["training"]["properties"]["best_epoch"] = 0
    assert "Still improving" not in tables(results)


def test_shapes_from_features_of_the_resnet_are_marked(results: dict[str, Any]) -> None:
    marked = "| ResNet18 | image | MLP on features trained for properties | 0.750"
    assert marked in tables(results)
    assert marked not in tables({**results, "resnet_shapes": True})


def test_votes_are_shown_for_each_kind_of_features(results: dict[str, Any]) -> None:
    results["votes"] = {
        "n": 50,
        "k": 8,
        "questions": ["bar", "disk"],
        "scores": {"aligned": {"bar": {"r2": 0.3, "r2_sd": 0.1}, "disk": {"r2": 0.2, "r2_sd": 0}}},
    }
    text = tables(results)
    assert "vote fractions of 50 real images, each predicted from its 8 nearest others" in text
    assert "| aligned | 0.300 ± 0.100 | 0.200 ± 0.000 |" in text
