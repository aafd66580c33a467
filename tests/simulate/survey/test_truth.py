"""Half-light radii and the truth table."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate.population.morphology import Shape
from galsearch.simulate.survey.truth import half_light_radius
from tests.simulate.random_galaxies import truth_of


@given(bulge=st.floats(0, 1), ratio=st.floats(0.05, 1))
def test_half_the_light_lies_between_the_radii_of_the_parts(bulge: float, ratio: float) -> None:
    shape = Shape(4.0 * ratio, 1.0, 4.0, 4.0, 1.0, 0.0, 0, 15.0, 0.5)
    radius = half_light_radius(shape, bulge)
    assert 4.0 * ratio * 0.98 <= radius <= 4.0 * 1.02


def test_truth_is_finite_and_adds_up(simulated: Path) -> None:
    truth = truth_of(simulated)
    for name, values in truth.items():
        assert values.dtype.kind in "SU" or np.isfinite(values).all(), name
    np.testing.assert_allclose(
        truth["log10_ssfr"], truth["log10_sfr"] - truth["log10_mass"], atol=1e-9
    )
    assert ((truth["bulge_fraction"] >= 0) & (truth["bulge_fraction"] <= 1)).all()
