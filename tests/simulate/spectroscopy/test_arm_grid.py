"""The three arms cover DESI's grid of wavelengths and overlap at their ends."""

import math

import numpy as np
import pytest

from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM
from galsearch.simulate.spectroscopy.arm_grid import (
    RESOLUTION_SIGMA_ANGSTROM,
    STEP_ANGSTROM,
    arm_wavelengths,
)


def test_the_arms_have_the_published_limits() -> None:
    limits = {arm: (grid[0], grid[-1]) for arm, grid in arm_wavelengths().items()}
    assert limits == {
        "b": (pytest.approx(3600), pytest.approx(5800)),
        "r": (pytest.approx(5760), pytest.approx(7620)),
        "z": (pytest.approx(7520), pytest.approx(9824)),
    }


def test_the_arms_cover_every_pixel_in_even_steps() -> None:
    grids = arm_wavelengths()
    covered = np.unique(np.concatenate(list(grids.values())))
    np.testing.assert_array_equal(covered, DESI_WAVELENGTH_ANGSTROM)
    for grid in grids.values():
        np.testing.assert_allclose(np.diff(grid), STEP_ANGSTROM, rtol=1e-9)


def test_the_resolution_is_the_published_width_at_half_maximum() -> None:
    published_fwhm = {"b": 1.83, "r": 1.70, "z": 1.83}
    for arm, fwhm in published_fwhm.items():
        sigma = fwhm / (2 * math.sqrt(2 * math.log(2)))
        assert RESOLUTION_SIGMA_ANGSTROM[arm] == pytest.approx(sigma, abs=0.005)
