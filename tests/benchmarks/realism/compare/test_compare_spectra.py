"""Matching of simulated spectra with real ones: each is used once, the nearest first."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn")

from benchmarks.realism.compare.compare_spectra import (
    _close,
    _first_of_each,
    _MatchedSpectra,
    _smooth,
)


def test_no_simulated_spectrum_is_used_twice() -> None:
    assert _first_of_each([[1, 2, 3], [2, 4, 1, 5], [1]], 2) == [[1, 2], [4, 5], []]


def test_close_spectra_are_within_the_step_and_ordered_by_contrast() -> None:
    quality = {0: 1.0, 1: 1.1, 2: 0.95, 3: 1.5, 4: 1.24}
    assert _close(np.array([4, 3, 1, 2, 0]), quality, 1.0) == [0, 2, 1, 4]


def test_the_spectra_most_alike_in_some_features_are_chosen() -> None:
    features = {
        0: np.array([0.0, 9.0, 1.0]),
        1: np.array([0.2, 0.0, 1.1]),
        2: np.array([5.0, 0.0, 4.0]),
    }
    real = np.array([[0.0, 0.0, 1.0], [5.0, 0.0, 4.0]])
    matched = _MatchedSpectra(["a", "b", "c"], real, [[2, 1, 0], [0, 1, 2]], features)
    assert matched.nearest(1) == [[2], [0]]
    # In a and c the first real spectrum equals row 0; feature b, which differs, is not used.
    alike = matched.most_alike(1, np.array([True, True]), ["a", "c"])
    np.testing.assert_array_equal(alike, [features[0], features[2]])
    only_second = matched.most_alike(1, np.array([False, True]), ["a", "c"])
    np.testing.assert_array_equal(only_second, [features[2]])


def test_a_smoothed_spectrum_is_a_running_mean_of_eight_pixels() -> None:
    flux = np.random.default_rng(1).normal(size=100)
    found = _smooth(flux)
    assert len(found) == 25
    # The mean at pixel 4 i is over the eight pixels from 4 i - 4 on.
    expected = [flux[4 * i - 4 : 4 * i + 4].mean() for i in range(1, 24)]
    np.testing.assert_allclose(found[1:24], expected, atol=6e-4)
