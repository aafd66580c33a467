"""Inclinations, and limits of random shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate.population.morphology import (
    BULGE_SERSIC_INDICES,
    DISK_THICKNESS,
    draw_shape,
    inclination_of,
)


@given(st.floats(0, 1.5))
def test_the_axis_ratio_of_a_disk_gives_its_inclination(
    inclination: float,
) -> None:
    flat = DISK_THICKNESS**2
    axis_ratio = float(np.sqrt(np.cos(inclination) ** 2 * (1 - flat) + flat))
    assert inclination_of(axis_ratio, 0.0) == pytest.approx(inclination, abs=1e-6)


@given(st.floats(0.01, 1.5), st.floats(8, 12), st.floats(0, 1), st.booleans(), st.integers(0, 999))
def test_shapes_stay_within_the_limits_of_rendering(
    z: float, log_mass: float, bulge: float, forming: bool, seed: int
) -> None:
    shape = draw_shape(z, log_mass, bulge, forming, 0.7, np.random.default_rng(seed))
    assert 0.08 <= shape.bulge_r_arcsec <= 12
    assert 0.15 <= shape.disk_r_arcsec <= 14
    assert 0.15 < shape.disk_axis_ratio <= 1
    assert shape.sersic in BULGE_SERSIC_INDICES
    assert shape.n_arms == 0 or forming
