"""Star-formation histories against sums of many steps."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate.population.scaling_relations import StellarPopulation
from galsearch.simulate.sed.star_formation_history import (
    _IONISING_FRACTION,
    gas_weights,
    mass_by_age,
    metal_weights,
)
from tests.simulate.random_galaxies import AGE_EDGES_YR


@given(start=st.floats(1.5, 13), tau=st.floats(0.2, 20))
def test_closed_form_histories_are_the_sum_of_many_steps(start: float, tau: float) -> None:
    edges = np.concatenate([AGE_EDGES_YR[:-1], [1.38e10]])
    lookback = (np.arange(400_000) + 0.5) / 400_000 * start
    rate = (start - lookback) * np.exp(-(start - lookback) / tau)
    slow = np.histogram(lookback * 1e9, bins=edges, weights=rate)[0]
    fast = mass_by_age(StellarPopulation(start, tau, 1.0), edges)
    np.testing.assert_allclose(fast, slow / slow.sum(), atol=2e-5)


@given(
    recent=st.floats(0.1, 10),
    floor=st.floats(0, 1e-10),
    quenched=st.floats(0, 1),
    burst=st.floats(0, 0.3),
)
def test_every_history_forms_one_solar_mass(
    recent: float, floor: float, quenched: float, burst: float
) -> None:
    stars = StellarPopulation(8.0, 2.0, 1.0, recent, floor, quenched, burst)
    share = mass_by_age(stars, AGE_EDGES_YR)
    assert share.min() >= 0
    assert share.sum() == pytest.approx(1)


@given(st.floats(0.001, 9))
def test_metallicities_are_interpolated_and_never_extrapolated(value: float) -> None:
    grid = np.array([0.005, 0.02, 0.2, 0.4, 1.0, 2.5, 5.0])
    weights = metal_weights(value, grid)
    assert weights.sum() == pytest.approx(1)
    assert weights @ grid == pytest.approx(np.clip(value, grid[0], grid[-1]))


@given(st.floats(0.02, 2.5), st.integers(0, 10**6))
def test_gas_holds_the_youngest_stars_at_a_metallicity_of_its_own(
    metallicity: float, seed: int
) -> None:
    grid = np.array([0.005, 0.02, 0.2, 0.4, 1.0, 2.5, 5.0])
    toy = SimpleNamespace(metallicities=grid, n_young=4)
    parts = np.random.default_rng(seed).random((1, 4, len(grid) * 6), np.float32)
    gas = gas_weights(parts, [SimpleNamespace(gas_metallicity=metallicity)], toy)[0].reshape(-1, 4)
    youngest = parts[0, 3].reshape(-1, 6)[:, :4].sum(axis=0)
    np.testing.assert_allclose(gas.sum(axis=0), _IONISING_FRACTION * youngest, rtol=1e-5)
    assert grid @ gas.sum(axis=1) / gas.sum() == pytest.approx(metallicity, rel=1e-4)
