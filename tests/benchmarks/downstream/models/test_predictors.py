"""The compared models: their keys, their order, and the predictions of the simple ones."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.downstream.data.evaluation_sample import Sample
from benchmarks.downstream.data.prediction_targets import Targets
from benchmarks.downstream.models import predictors
from benchmarks.downstream.models.predictors import (
    Predictor,
    Settings,
    all_predictors,
    by_mlp,
    by_neighbours,
    by_photometry,
    tasks,
)
from galsearch.core.modality import Modality

SETTINGS = Settings(k=3, mlp_epochs=1)


def no_progress(*_: Any) -> None:
    pass


@pytest.fixture
def sample() -> Sample:
    """40 training, 10 validation and 10 test galaxies with two properties and one flag."""
    generator = np.random.default_rng(1)
    return Sample(
        target_ids=np.arange(60),
        split=np.repeat(["train", "validation", "test"], [40, 10, 10]),
        labels={},
        properties=Targets(("redshift", "mass"), generator.normal(size=(60, 2))),
        shapes=Targets(("has_bar",), (generator.random((60, 1)) > 0.5).astype(float)),
        magnitudes=None,
        resolved=None,
        messages=(),
    )


def test_neighbours_predict_the_mean_weighted_by_inverse_distance(sample: Sample) -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 4)) * [1, 5, 0.1, 2]
    found, record = by_neighbours(vectors, sample, SETTINGS, no_progress)
    assert record == {}
    assert set(found) == {"properties", "shapes"}
    scaled = (vectors - vectors[:40].mean(axis=0)) / vectors[:40].std(axis=0)
    for row, predicted in zip(range(50, 60), found["properties"], strict=True):
        distance = np.linalg.norm(scaled[:40] - scaled[row], axis=1)
        near = np.argsort(distance)[:3]
        expected = np.average(sample.properties.values[near], axis=0, weights=1 / distance[near])
        np.testing.assert_allclose(predicted, expected, rtol=1e-5)


def test_mlps_predict_every_task_and_record_their_training(sample: Sample) -> None:
    vectors = np.random.default_rng(2).normal(size=(60, 4)).astype(np.float32)
    found, record = by_mlp(vectors, sample, SETTINGS, no_progress)
    assert {name: values.shape for name, values in found.items()} == {
        "properties": (10, 2),
        "shapes": (10, 1),
    }
    assert np.isfinite(found["properties"]).all()
    assert set(record) == {"redshift", "properties"}
    again, _ = by_mlp(vectors, sample, SETTINGS, no_progress)
    np.testing.assert_array_equal(found["properties"], again["properties"])


def test_a_missing_magnitude_is_the_faintest_of_the_training_galaxies(
    sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    magnitudes = np.random.default_rng(3).uniform(16, 20, (60, 3))
    magnitudes[55] = 25  # a test galaxy, fainter than all training galaxies
    magnitudes[[3, 58], 1] = np.nan
    given: list[np.ndarray] = []
    monkeypatch.setattr(predictors, "_mlp", lambda filled, *_: given.append(filled))
    by_photometry(magnitudes, sample, SETTINGS, no_progress)
    (filled,) = given
    faintest = np.nanmax(magnitudes[:40, 1])
    assert filled[3, 1] == filled[58, 1] == faintest < 25
    known = np.isfinite(magnitudes)
    np.testing.assert_array_equal(filled[known], magnitudes[known])


def test_the_tasks_are_properties_and_known_shapes(sample: Sample) -> None:
    assert list(tasks(sample)) == ["properties", "shapes"]
    unknown: Any = SimpleNamespace(properties=sample.properties, shapes=None)
    assert list(tasks(unknown)) == ["properties"]


def test_the_key_of_a_predictor_names_its_encoder_and_is_a_file_name() -> None:
    one = Predictor("before alignment", "image", "k-NN", "x", by_neighbours, "0123456789abcdef" * 4)
    assert one.key == "before_alignment-image-k-NN-0123456789abcdef"
    baseline = Predictor("Conv+Att", "spectrum", "supervised", "spectra", by_neighbours)
    assert baseline.key == "Conv_Att-spectrum-supervised"


@pytest.mark.parametrize("modality", Modality)
def test_only_models_of_measured_modalities_compete(modality: Modality) -> None:
    encoder = SimpleNamespace(fingerprint="a" * 64)
    compared: Any = SimpleNamespace(name="aligned", modality=modality, encoder=encoder)
    found = all_predictors([compared], [modality], photometry=True)
    network = {"image": "ResNet18", "spectrum": "Conv+Att"}[modality]
    assert [(one.name, one.how) for one in found] == [
        ("aligned", "k-NN"),
        ("aligned", "MLP"),
        ("photometry", "supervised"),
        (network, "supervised"),
    ]
    assert len(all_predictors([compared], [modality], photometry=False)) == 3
