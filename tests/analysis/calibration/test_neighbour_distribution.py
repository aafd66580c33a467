"""Weights, quantiles and class shares agree with slow versions of their definitions."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.analysis.calibration.neighbour_distribution import (
    class_shares,
    neighbour_weights,
    weighted_quantiles,
)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=9), st.integers(0, 3))
def test_weights_sum_to_one_and_ignore_padding(cosines: list[float], n_padding: int) -> None:
    row = np.array([sorted(cosines, reverse=True) + [np.nan] * n_padding], np.float32)
    weights = neighbour_weights(row)[0]
    assert np.isclose(weights.sum(), 1)
    assert (np.diff(weights[: len(cosines)]) <= 0).all()
    assert not weights[len(cosines) :].any()


def test_a_row_of_padding_has_no_weights() -> None:
    assert not neighbour_weights(np.full((1, 3), np.nan)).any()
    assert np.isnan(weighted_quantiles(np.full((1, 3), np.nan), np.zeros((1, 3)), (0.5,))).all()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.floats(0.01, 0.99))
def test_whole_weights_are_repetitions(counts: list[int], level: float) -> None:
    """Quantiles with weights lie between those of the repeated values."""
    values = np.arange(len(counts), dtype=float)[::-1]
    weights = np.array(counts) / sum(counts)
    found = weighted_quantiles(values[None], weights[None], (level,))[0, 0]
    repeated = np.repeat(values, counts)
    low, high = np.quantile(repeated, level, method="inverted_cdf"), repeated.max()
    assert values.min() <= found <= high
    assert abs(found - low) <= 1


def test_shares_of_classes() -> None:
    codes = np.array([[0.0, 2.0, 2.0, np.nan]])
    weights = np.array([[0.5, 0.3, 0.2, 0.0]])
    np.testing.assert_allclose(class_shares(codes, weights, 3), [[0.5, 0, 0.5]])
