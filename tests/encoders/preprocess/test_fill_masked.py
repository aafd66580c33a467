"""Masked pixels are filled by the stated rules, and measured ones stay as they are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline

from galsearch.encoders.encoder_config import GALSEARCH_SMALL
from galsearch.encoders.preprocess.fill_masked import (
    APERTURE_PIXELS,
    BAND_RULES,
    NARROW_PIXELS,
    REACH_PIXELS,
    fill_masked,
)
from galsearch.encoders.preprocess.prepare import prepare_images


def galaxy(size: int = 48) -> np.ndarray:
    """(1, 3, size, size) image of a round galaxy with the colours of BAND_RULES' galaxies."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    profile = np.exp(-np.hypot(x, y) / 4)
    return np.stack([0.4 * profile, profile, 1.7 * profile])[None].astype(np.float32)


@pytest.mark.parametrize("axis", [2, 3])
@pytest.mark.parametrize("width", [4, 12])
def test_across_rows_and_columns_a_slope_is_continued(axis: int, width: int) -> None:
    size, middle = 40, slice(16, 16 + width)
    ramp = np.arange(size, dtype=np.float32) * 0.25
    flux = np.broadcast_to(ramp, (1, 3, size, size)).copy()
    if axis == 2:
        flux = flux.swapaxes(2, 3).copy()
    bad = np.zeros(flux.shape, bool)
    bad[(slice(None),) * axis + (middle,)] = True
    np.testing.assert_allclose(fill_masked(np.where(bad, 99, flux), bad), flux, atol=1e-6)


def test_the_peak_of_a_galaxy_in_a_narrow_gap_is_not_cut_off() -> None:
    flux, bad = galaxy(), np.zeros((1, 3, 48, 48), bool)
    bad[:, :, 22:26] = True
    filled = fill_masked(flux, bad)
    centre = (slice(None), slice(None), slice(22, 26), slice(22, 26))
    assert filled[centre].sum() == pytest.approx(flux[centre].sum(), rel=0.15)
    # Linear interpolation would stay at the level of the rows beside the gap.
    assert filled[centre].mean() > 1.1 * flux[:, :, [21, 26], 22:26].mean()


def slow_neighbours(plane: np.ndarray, bad: np.ndarray, y: int, x: int) -> float:
    """Rule 1 for one pixel, found step by step."""
    values, weights = [], []
    for line, masked, i in ((plane[y], bad[y], x), (plane[:, x], bad[:, x], y)):
        size, near = len(line), {}
        for sign in (-1, 1):
            for distance in range(1, REACH_PIXELS + 1):
                j = i + sign * distance
                if 0 <= j < size and not masked[j]:
                    near[sign] = j
                    break
        if not near:
            continue
        weight = sum(1 / abs(i - j) for j in near.values())
        value = sum(line[j] / abs(i - j) for j in near.values()) / weight
        if len(near) == 2 and near[1] - near[-1] - 1 <= NARROW_PIXELS:
            slope = {}
            for sign, j in near.items():
                beyond = min(max(j + 2 * sign, 0), size - 1)
                slope[sign] = 0 if masked[beyond] else (line[beyond] - line[j]) / (2 * sign)
            ends = [near[-1], near[1]]
            value = CubicHermiteSpline(ends, line[ends], [slope[-1], slope[1]])(i)
        values.append(value)
        weights.append(weight)
    return float(np.average(values, weights=weights)) if values else np.nan


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.05, 0.97))
def test_filled_pixels_are_those_of_the_slow_version(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    flux = rng.normal(size=(1, 3, 24, 24)).astype(np.float32)
    bad = rng.random(flux.shape) < share
    bad[0, 1:] = False
    filled = fill_masked(np.where(bad, np.nan, flux), bad)
    np.testing.assert_array_equal(filled[~bad], flux[~bad])
    for y, x in np.argwhere(bad[0, 0]):
        expected = slow_neighbours(flux[0, 0], bad[0, 0], y, x)
        if np.isfinite(expected):
            assert filled[0, 0, y, x] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("missing", [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)])
def test_a_missing_band_has_the_predicted_flux_and_the_shape_of_the_others(
    missing: tuple[int, ...],
) -> None:
    flux = galaxy()
    bad = np.zeros(flux.shape, bool)
    bad[:, list(missing)] = True
    filled = fill_masked(flux, bad)[0]
    y, x = np.mgrid[:48, :48] - 23.5
    aperture = np.hypot(x, y) < APERTURE_PIXELS
    others = tuple(b for b in range(3) if b not in missing)
    for band in missing:
        constant, *slopes = BAND_RULES[band, others]
        logs = np.log10(flux[0, list(others)][:, aperture].sum(axis=1))
        expected = 10 ** (constant + np.dot(slopes, logs))
        assert filled[band][aperture].sum() == pytest.approx(expected, rel=1e-4)
        shape = filled[band] / filled[band].max()
        np.testing.assert_allclose(shape, flux[0, 1] / flux[0, 1].max(), atol=1e-5)


def test_pixels_without_any_measurement_near_are_sky() -> None:
    flux, bad = galaxy(96), np.zeros((1, 3, 96, 96), bool)
    bad[..., :40] = True
    filled = fill_masked(flux, bad)
    assert not filled[..., : 40 - REACH_PIXELS].any()
    assert (filled[..., 40 - REACH_PIXELS : 40] > 0).all()


def test_a_row_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(5)
    flux = rng.normal(size=(4, 3, 32, 32)).astype(np.float32)
    bad = rng.random(flux.shape) < np.array([0, 0.3, 0.9, 0.99])[:, None, None, None]
    together = fill_masked(flux, bad)
    for row in range(4):
        alone = fill_masked(flux[row : row + 1], bad[row : row + 1])
        np.testing.assert_array_equal(together[row : row + 1], alone)


def test_rules_exist_for_every_band_and_choice_of_others() -> None:
    expected = {
        (band, others)
        for band in range(3)
        for others in [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
        if band not in others
    }
    assert set(BAND_RULES) == expected
    assert all(len(rule) == 1 + len(others) for (_, others), rule in BAND_RULES.items())


def test_images_without_masked_pixels_are_prepared_as_before() -> None:
    flux = galaxy(96)
    softening = np.array([0.01, 0.015, 0.03], np.float32)[:, None, None]
    expected = np.arcsinh(flux / softening) / 3
    prepared = prepare_images(flux, None, GALSEARCH_SMALL).numpy()
    np.testing.assert_allclose(prepared, expected, rtol=1e-6)
