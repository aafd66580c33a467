"""Resampled noise has unit variance and the correlations that were measured in real cutouts."""

import numpy as np
import pytest

from galsearch.simulate.imaging.resampled_noise import draw_taps, resampled_noise


def correlation(noise: np.ndarray, dy: int, dx: int) -> float:
    ny, nx = noise.shape
    return float((noise[: ny - dy, : nx - dx] * noise[dy:, dx:]).mean())


def test_correlations_follow_from_the_taps() -> None:
    noise = resampled_noise(np.random.default_rng(3), 700, 0.0)
    rng = np.random.default_rng(3)
    across, along = draw_taps(rng, 0.0), draw_taps(rng, 0.0)
    assert correlation(noise, 0, 0) == pytest.approx(1, abs=0.01)
    for lag in (1, 2, 3):
        assert correlation(noise, lag, 0) == pytest.approx(across[lag:] @ across[:-lag], abs=0.01)
        assert correlation(noise, 0, lag) == pytest.approx(along[lag:] @ along[:-lag], abs=0.01)


def test_adjacent_pixels_are_as_correlated_as_in_real_cutouts() -> None:
    rng = np.random.default_rng(4)
    taps = [draw_taps(rng, 0.0) for _ in range(2000)]
    first, second = (np.array([t[lag:] @ t[:-lag] for t in taps]) for lag in (1, 2))
    low, middle, high = np.percentile(first, [5, 50, 95])
    assert 0.02 < low < 0.15 < middle < 0.31 < high < 0.45
    assert -0.10 < np.median(second) < 0.0
    wide = np.array([t[1:] @ t[:-1] for t in (draw_taps(rng, 0.22) for _ in range(500))])
    assert 0.45 < np.median(wide) < 0.68
