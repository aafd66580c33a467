"""Two-sample test on samples that agree and that differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("sklearn", reason="needs scikit-learn")
pytest.importorskip("speclite", reason="needs the extra sim")
pytest.importorskip("matplotlib", reason="needs the extra plot")

from benchmarks.realism.compare.two_sample import area_under_curve, two_sample_test


@pytest.mark.timeout(600)
def test_equal_samples_have_an_auc_of_a_half_and_others_name_the_feature_that_differs() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(2, 300, 3))
    alike = two_sample_test(one, other, ["a", "b", "c"], seed=1)
    assert abs(alike["auc"] - 0.5) < 3 * alike["auc_error"] + 0.03
    other[:, 1] += 2.0
    apart = two_sample_test(one, other, ["a", "b", "c"], seed=1)
    assert apart["auc"] > 0.85
    assert next(iter(apart["auc_falls_without"])) == "b"


@given(
    zeros=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    ones=st.lists(st.integers(0, 9), min_size=1, max_size=20),
)
def test_the_area_from_ranks_counts_the_pairs_in_order(zeros: list[int], ones: list[int]) -> None:
    higher = np.subtract.outer(np.array(ones), np.array(zeros))
    pairs = np.where(higher == 0, 0.5, higher > 0)
    area = area_under_curve(np.array(zeros, float), np.array(ones, float))
    assert area == pytest.approx(pairs.mean())
