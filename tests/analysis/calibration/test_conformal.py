"""Conformal limits hold a new score with the stated probability, for any distribution."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.analysis.calibration.conformal import (
    interval_limits,
    probability_integral_transform,
    share_at_least,
)


@given(st.integers(1, 400), st.floats(0.05, 0.99))
def test_limits_hold_at_least_the_coverage(n: int, coverage: float) -> None:
    """A new score is equally likely to fall between any two of the n sorted ones."""
    low, high = interval_limits(np.arange(1.0, n + 1), coverage)
    gaps = (min(high, n + 1) - max(low, 0)) / (n + 1)
    assert gaps >= coverage - 1e-9
    assert gaps <= coverage + 2 / (n + 1) + 1e-9
    assert math.isfinite(low) == math.isfinite(high)


def test_limits_are_asymmetric_where_the_scores_are() -> None:
    scores = np.sort(np.random.default_rng(1).exponential(size=20_000))
    low, high = interval_limits(scores, 0.9)
    np.testing.assert_allclose([low, high], -np.log([0.95, 0.05]), rtol=0.05)


def test_shares_count_the_new_score() -> None:
    scores = np.array([1.0, 2.0, 2.0])
    np.testing.assert_array_equal(
        share_at_least(scores, np.array([0.0, 2.0, 5.0])), [1.0, 0.75, 0.25]
    )


def test_the_transform_of_exchangeable_scores_is_uniform() -> None:
    generator = np.random.default_rng(2)
    held_out, new = np.sort(generator.gamma(2, size=5000)), generator.gamma(2, size=5000)
    pit = probability_integral_transform(held_out, new)
    np.testing.assert_allclose(np.quantile(pit, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.02)
