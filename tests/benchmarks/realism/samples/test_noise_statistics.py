"""Noise statistics find the sigma and correlation of noise that is known."""

import numpy as np
import pytest

from benchmarks.realism.samples.noise_statistics import LAGS, binned_ivar, image_noise
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM


def test_white_noise_has_its_sigma_and_no_correlation_despite_sources() -> None:
    flux = np.random.default_rng(1).normal(0, [[[0.1]], [[0.2]], [[0.3]]], (3, 300, 300))
    flux[:, 100:110, 100:110] += 50
    for sigma, plane in zip((0.1, 0.2, 0.3), image_noise(flux), strict=True):
        assert plane["sigma"] == pytest.approx(sigma, rel=0.02)
        assert np.abs([*plane["along_x"], *plane["along_y"]]).max() < 0.05


def test_correlation_is_found_along_the_axis_that_has_it() -> None:
    white = np.random.default_rng(2).normal(size=(400, 401))
    smoothed = (white[:, 1:] + white[:, :-1]) / np.sqrt(2)  # neighbours in x share half
    (plane,) = image_noise(smoothed[None])
    assert plane["along_x"] == pytest.approx([0.5, 0, 0, 0], abs=0.04)
    assert plane["along_y"] == pytest.approx([0] * len(LAGS), abs=0.04)
    assert plane["sigma"] == pytest.approx(1, rel=0.02)


def test_binned_ivar_is_the_median_of_good_pixels_in_40_pixels() -> None:
    generator = np.random.default_rng(3)
    ivar = generator.uniform(1, 2, len(DESI_WAVELENGTH_ANGSTROM))
    ivar[generator.random(ivar.size) < 0.3] = 0
    ivar[80:120] = 0
    found = binned_ivar(ivar)
    assert found.shape == (7781 // 40,)
    for number, value in enumerate(found):
        some = ivar[40 * number : 40 * (number + 1)]
        if number == 2:
            assert np.isnan(value)
        else:
            assert value == np.median(some[some > 0])
