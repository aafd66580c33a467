"""The head learns what two views of the same quantities share."""

import numpy as np

from benchmarks.retrieval.ranks import ranks
from benchmarks.retrieval.trained_heads import train_heads


def shared_features(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Two noisy linear views of the same four latent quantities."""
    generator = np.random.default_rng(6)
    latent = generator.normal(size=(n, 4))
    views = (
        latent @ generator.normal(size=(4, 12)) + 0.05 * generator.normal(size=(n, 12))
        for _ in range(2)
    )
    one, other = views
    return one.astype(np.float32), other.astype(np.float32)


def test_the_head_learns_the_common_part_of_two_views_and_depends_on_the_seed_alone() -> None:
    image, spectrum = shared_features()
    train, validation, test = np.split(np.arange(400), [250, 320])
    arguments = {"epochs": 8, "batch_size": 64, "learning_rate": 3e-3}
    one, other, curve = train_heads(image, spectrum, train, validation, **arguments)
    assert (ranks(one[test] @ other[test].T) <= 10).mean() > 0.6
    assert len(curve) == 8
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, rtol=1e-5)
    again, *_ = train_heads(image, spectrum, train, validation, **arguments)
    np.testing.assert_array_equal(one, again)
