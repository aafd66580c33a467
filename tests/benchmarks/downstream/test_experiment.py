"""The whole benchmark on synthetic galaxies; continued runs."""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from benchmarks.downstream import published_results as published
from benchmarks.downstream.data.evaluation_sample import draw_sample
from benchmarks.downstream.downstream_report import tables
from benchmarks.downstream.experiment import measure
from benchmarks.downstream.models.predictors import Settings
from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch
from tests.benchmarks.downstream.synthetic_galaxies import (
    BOTH,
    synthetic_galaxies,
)


@dataclass
class Projection:
    """An encoder without a network: a random projection of mean pixels."""

    name: str
    modality: Modality
    mark: str = "a"
    encoder: "Projection" = field(init=False)

    def __post_init__(self) -> None:
        self.encoder = self

    @property
    def fingerprint(self) -> str:
        return f"{self.mark}-{self.name}"

    def embed(self, batch: GalaxyBatch) -> np.ndarray:
        if self.modality is Modality.IMAGE:
            parts = batch.image_flux[:, :, 70:82, 70:82].mean(axis=(2, 3))
        else:
            parts = batch.spectrum_flux.reshape(len(batch), 31, -1).mean(axis=2)
        weights = np.random.default_rng(len(self.name)).normal(size=(parts.shape[1], 6))
        return np.arcsinh(parts @ weights).astype(np.float32)


def encoders(mark: str = "a") -> list[Projection]:
    return [Projection(n, m, mark) for n in ("aligned", "untrained") for m in BOTH]


QUICK = Settings(mlp_epochs=6, resnet_epochs=1, conv_epochs=1, image_size=48, image_binning=2)


@pytest.fixture(scope="module")
def run(tmp_path_factory, few_draws):
    """One measured run, its galaxies, and the directory of its finished results."""
    galaxies, work = synthetic_galaxies(), tmp_path_factory.mktemp("work")
    sample = draw_sample(galaxies, modalities=BOTH)
    results = measure(galaxies, sample, encoders(), BOTH, QUICK, work)
    return galaxies, sample, results, work


def test_all_models_are_measured_on_the_same_galaxies(run) -> None:
    _, sample, results, _ = run
    models = [(r["name"], r["reads"], r["how"]) for r in results["contestants"]]
    assert models == [
        ("aligned", "image", "k-NN"),
        ("aligned", "image", "MLP"),
        ("aligned", "spectrum", "k-NN"),
        ("aligned", "spectrum", "MLP"),
        ("untrained", "image", "k-NN"),
        ("untrained", "image", "MLP"),
        ("untrained", "spectrum", "k-NN"),
        ("untrained", "spectrum", "MLP"),
        ("photometry", "photometry", "supervised"),
        ("Conv+Att", "spectrum", "supervised"),
        ("ResNet18", "image", "supervised"),
    ]
    n_test = len(sample.rows("test"))
    assert results["split_sizes"]["test"] == n_test
    assert sum(results["split_sizes"].values()) == 280
    for row in results["contestants"]:
        assert set(row["properties"]) == {*sample.properties.names, "mean of properties"}
        assert all(s["n"] == n_test for n, s in row["properties"].items() if "mean" not in n)


def test_only_properties_that_the_pixels_depend_on_are_predicted(run) -> None:
    first = run[2]["contestants"][0]["properties"]
    assert first["age"]["r2"] > 0.3
    assert first["metallicity"]["r2"] < 0.2
    four = [first[name]["r2"] for name in ("mass", "age", "metallicity", "ssfr")]
    assert first["mean of properties"]["r2"] == pytest.approx(np.mean(four), abs=1e-4)
    shapes = run[2]["contestants"][0]["shapes"]["all"]
    assert shapes["has_spiral_arms"]["auc"] > 0.7
    assert shapes["class"]["accuracy"] > run[2]["shape_baseline"]["all"]["class"]


def test_headlines_compare_the_same_resampled_galaxies(run) -> None:
    results = run[2]
    by = {(r["name"], r["how"]): r["properties"] for r in results["contestants"]
          if r["reads"] == "image"}  # fmt: skip
    line = results["headlines"]["k-NN"]
    aligned, resnet = by["aligned", "k-NN"], by["ResNet18", "supervised"]
    assert line["redshift_r2_less_resnet"] == pytest.approx(
        aligned["redshift"]["r2"] - resnet["redshift"]["r2"], abs=1e-4
    )
    mean = "mean of properties"
    assert line["properties_r2_over_resnet"] == pytest.approx(
        aligned[mean]["r2"] / resnet[mean]["r2"], rel=1e-2
    )


def test_the_tables_follow_from_the_file(run) -> None:
    results = json.loads(json.dumps({**run[2], "name": "toy", "published": True, "votes": None},
                                    allow_nan=False))  # fmt: skip
    text = tables(results)
    found = results["contestants"][0]["properties"]["age"]
    assert f"{found['r2']:.3f} ± {found['r2_sd']:.3f}" in text
    assert f"{found['nmad']:.4f} ± {found['nmad_sd']:.4f}, {found['outliers']:.1%}" in text
    assert "ssfr = log10_sfr-log10_mass" in text
    assert "| ResNet18 | image | MLP on features trained for properties |" in text
    assert published.table() in text
    assert len(json.dumps(results)) < 100_000


def test_a_second_run_reads_no_pixels_and_has_the_same_results(run) -> None:
    galaxies, sample, results, work = run
    before, messages = galaxies.n_read, []
    again = measure(galaxies, sample, encoders(), BOTH, QUICK, work, print_line=messages.append)
    assert galaxies.n_read == before
    assert again == results
    assert messages == [f"11 of 11 are taken from {work}"]


def test_a_run_with_another_encoder_uses_the_trained_baselines(run) -> None:
    galaxies, sample, results, work = run
    messages = []
    again = measure(galaxies, sample, encoders("b"), BOTH, QUICK, work, print_line=messages.append)
    assert messages[0] == f"3 of 11 are taken from {work}"
    assert again["contestants"][-1] == results["contestants"][-1]


def test_an_interrupted_run_continues_where_it_stopped(run, tmp_path: Path) -> None:
    galaxies, sample, results, finished = run
    work = tmp_path / "work"
    shutil.copytree(finished, work)
    for name in ("aligned-image-MLP-a-aligned", "photometry-photometry-supervised"):
        (work / f"{name}.npz").unlink()

    def stop(text: str) -> None:
        if text.startswith("aligned, image, MLP"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(galaxies, sample, encoders(), BOTH, QUICK, work, print_line=stop)
    messages: list[str] = []
    again = measure(galaxies, sample, encoders(), BOTH, QUICK, work, print_line=messages.append)
    assert messages[0] == f"10 of 11 are taken from {work}"
    for one, other in zip(again["contestants"], results["contestants"], strict=True):
        assert one["properties"] == other["properties"]
