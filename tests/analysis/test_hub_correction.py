"""The correction for hubs lowers the similarity of vectors that are near to everything."""

import numpy as np

from galsearch.analysis.hub_correction import csls


def test_it_is_the_published_equation() -> None:
    generator = np.random.default_rng(1)
    cosine, one, other = generator.uniform(-1, 1, (3, 4, 5))
    np.testing.assert_allclose(csls(cosine, one, other), 2 * cosine - one - other)


def test_a_hub_counts_less_than_its_cosine() -> None:
    """Of two candidates, the one that is near to everything loses although its cosine is larger."""
    found = csls(np.array([0.82, 0.8]), np.array([0.8, 0.8]), np.array([0.9, 0.7]))
    assert found[1] > found[0]
