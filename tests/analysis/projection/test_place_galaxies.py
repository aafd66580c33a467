"""Galaxies are placed between their nearest fitted galaxies, each by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.analysis.projection.fitted_neighbours import FittedNeighbours
from galsearch.analysis.projection.place_galaxies import place_galaxies

POSITIONS = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)


@given(st.integers(1, 5), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_a_position_is_the_weighted_mean_whatever_else_is_placed(n: int, k: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = np.argsort(generator.random((n, 9)), axis=1)[:, :k]
    distance = np.sort(generator.uniform(1e-3, 2, (n, k)), axis=1)
    placed = place_galaxies(FittedNeighbours(rows, distance), POSITIONS)
    for row in range(n):
        weights = [1 / value**2 for value in distance[row]]
        terms = [w * POSITIONS[at] for w, at in zip(weights, rows[row], strict=True)]
        np.testing.assert_allclose(placed[row], sum(terms) / sum(weights), atol=1e-5)
        alone = FittedNeighbours(rows[[row]], distance[[row]])
        np.testing.assert_array_equal(place_galaxies(alone, POSITIONS)[0], placed[row])


def test_the_vector_of_a_fitted_galaxy_has_its_position() -> None:
    near = FittedNeighbours(np.array([[4, 2, -1]]), np.array([[0.0, 0.5, np.inf]]))
    np.testing.assert_allclose(place_galaxies(near, POSITIONS)[0], POSITIONS[4], atol=1e-5)
