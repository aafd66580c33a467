"""Measures of accuracy, compared with their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.downstream.data import prediction_targets
from benchmarks.downstream.scoring import accuracy_measures
from benchmarks.downstream.scoring.task_scores import rounded


def test_measures_are_their_definitions_and_unknown_galaxies_do_not_count() -> None:
    kind = prediction_targets.PROPERTIES[0]
    true = np.array([0.1, 0.2, 0.3, 0.4, np.nan])
    predicted = np.array([0.1, 0.2, 0.36, 0.52, 0.0])
    found = accuracy_measures.property_measures(
        true, predicted, kind, np.array([[0, 1, 2, 3, 4], [3, 2, 1, 0, 0]])
    )
    errors = np.array([0, 0, 0.06 / 1.3, 0.12 / 1.4])
    assert found["n"] == 4
    assert found["r2"] == pytest.approx(1 - (0.06**2 + 0.12**2) / 0.05)
    assert found["nmad"] == pytest.approx(1.4826 * np.median(np.abs(errors - np.median(errors))))
    assert found["outliers"] == 0.25
    assert found["r2_draws"][0] == found["r2"] != found["r2_draws"][1]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=2, max_size=25))
def test_the_area_is_the_chance_of_the_right_order(pairs: list[tuple[bool, int]]) -> None:
    yes = [s for flag, s in pairs if flag]
    no = [s for flag, s in pairs if not flag]
    found = accuracy_measures.area_under_curve(
        np.array([float(flag) for flag, _ in pairs]), np.array([float(s) for _, s in pairs])
    )
    if not yes or not no:
        assert math.isnan(found)
        assert rounded(found) is None
    else:
        slow = np.mean([(a > b) + 0.5 * (a == b) for a in yes for b in no])
        assert found == pytest.approx(slow)


def test_f1_is_weighted_by_how_often_a_class_is_true() -> None:
    true, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert accuracy_measures.weighted_f1(true, predicted) == pytest.approx(
        0.75 * 0.8 + 0.25 * 2 / 3
    )
