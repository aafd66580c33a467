"""The benchmark of search by examples, on made-up galaxies with a class that shows."""

import numpy as np
import pytest

from benchmarks.analysis.few_shot import (
    FLAGS,
    PROPERTIES,
    Survey,
    classes_of,
    measure_class,
    ndcg,
    report,
    scores_of_all_labels,
)
from galsearch.core.vectors import unit_rows


def test_ndcg_is_one_for_a_perfect_list_of_any_length() -> None:
    assert ndcg(np.ones(10), 40) == pytest.approx(1)
    assert ndcg(np.array([1.0, 1.0, 0.0]), 2) == pytest.approx(1)
    assert ndcg(np.zeros(10), 3) == 0


def test_classes_have_the_extreme_members() -> None:
    rng = np.random.default_rng(1)
    columns = {name: rng.normal(size=1000) for name, _ in PROPERTIES}
    columns |= {name: (rng.random(1000) < 0.02).astype(float) for name in FLAGS}
    columns["av"][:100] = np.nan
    classes = classes_of(columns)
    assert classes[0.02, "largest av"].sum() == 20
    assert classes[0.001, "smallest log10_mass"].sum() == 10
    assert not classes[0.02, "largest av"][:100].any()
    members = columns["log10_mass"][classes[0.02, "smallest log10_mass"]]
    assert members.max() <= np.sort(columns["log10_mass"])[19]


def test_examples_and_both_modalities_find_more_of_a_class_that_shows() -> None:
    rng = np.random.default_rng(1)
    members = rng.random(1500) < 0.02
    vectors = {}
    for name in ("image", "spectrum"):
        features = rng.normal(size=(1500, 12))
        features[members, :2] += 1.5
        vectors[name] = unit_rows(features)
    vectors["shuffled"] = vectors["spectrum"][rng.permutation(1500)]
    found = measure_class(vectors, members, 20, seed=1)
    assert found["image, examples"] > 1.5 * found["image, one example"]
    assert found["both, examples"] > found["image, examples"]
    assert found["both shuffled, one example"] < found["both, one example"]
    text = report([{"frequency": f, "ndcg": found} for f in (0.02, 0.001)])
    assert text.startswith("classes of frequency 0.02 (1):\n  image, one example")


def made_up_survey(n: int, seed: int) -> Survey:
    """Galaxies whose properties are components of their vectors."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 16))
    columns = {name: features[:, i] for i, (name, _) in enumerate(PROPERTIES)}
    columns |= {name: (features[:, 9] > 2).astype(float) for name in FLAGS}
    vectors = {name: unit_rows(features) for name in ("image", "spectrum", "shuffled")}
    return Survey(vectors, columns, "a" * 64)


def test_a_probe_of_all_labels_of_another_survey_finds_the_class() -> None:
    survey, labelled = made_up_survey(2000, 1), made_up_survey(1500, 2)
    known = scores_of_all_labels(survey, labelled, seed=1)
    classes = classes_of(survey.columns)
    assert known.keys() == classes.keys()
    key = (0.001, "largest av")
    assert set(known[key]) == {f"{name}, all labels" for name in ("image", "spectrum", "both")}
    found = measure_class(survey.vectors, classes[key], 10, seed=1, known=known[key])
    assert found["image, all labels"] > found["image, one example"]
    # The examples of a trial are left out, and the scores themselves stay as they are.
    assert all(np.isfinite(score).all() for score in known[key].values())
