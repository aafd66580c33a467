"""Unit vectors for tests that vary along few directions, as embeddings do."""

import numpy as np

from galsearch.core.arrays import Vectors


def low_rank_vectors(n: int, dim: int, seed: int = 1) -> Vectors:
    """(n, dim) unit vectors with a variance that falls by a factor of 4 for each direction."""
    generator = np.random.default_rng(seed)
    scales = 0.5 ** np.arange(dim)
    vectors = generator.normal(size=(n, dim)) * scales
    vectors = vectors @ np.linalg.qr(generator.normal(size=(dim, dim)))[0]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
