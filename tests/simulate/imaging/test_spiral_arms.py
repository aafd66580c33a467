"""Young stars of a disk: normalisation, symmetry and inclination."""

import numpy as np
import pytest

from galsearch.simulate.imaging.spiral_arms import young_stars
from galsearch.simulate.population.morphology import Shape


def planes(n_arms: int, axis_ratio: float) -> tuple[np.ndarray, np.ndarray]:
    shape = Shape(0.5, 0.9, 4.0, 3.0, axis_ratio, 0.0, n_arms, 18.0, 0.6)
    return young_stars(shape, np.random.default_rng(4), n_pixels=128, pixel_scale_arcsec=0.262)


@pytest.mark.parametrize("n_arms", [0, 2, 3])
def test_arms_and_knots_have_unit_flux(n_arms: int) -> None:
    for plane in planes(n_arms, 0.7):
        assert plane.shape == (128, 128)
        assert plane.min() >= 0
        assert plane.sum() == pytest.approx(1, abs=1e-4)


def test_two_arms_are_symmetric_under_rotation_by_180_degrees() -> None:
    arms, _ = planes(2, 1.0)
    np.testing.assert_allclose(arms, arms[::-1, ::-1], atol=1e-3 * arms.max())
    assert np.abs(arms - arms.T).max() > 0.1 * arms.max()


def test_an_inclined_disk_is_narrow_across_its_major_axis() -> None:
    arms, _ = planes(0, 0.4)
    y, x = np.mgrid[:128, :128] - 63.5
    # A position angle of 0 lies along north, which is up.
    assert np.sqrt((arms * x**2).sum() / (arms * y**2).sum()) == pytest.approx(0.4, abs=0.05)
