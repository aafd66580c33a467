"""Unit vectors for tests that vary along few directions, as embeddings do."""

import numpy as np

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.index.vectors.codec import Codec
from galsearch.index.vectors.stored_vectors import VectorSegment
from galsearch.index.vectors.whole_rows import WholeRows


def low_rank_vectors(n: int, dim: int, seed: int = 1, ratio: float = 0.5) -> Vectors:
    """(n, dim) unit vectors whose spread falls by a factor of `ratio` for each direction."""
    generator = np.random.default_rng(seed)
    scales = ratio ** np.arange(dim)
    vectors = generator.normal(size=(n, dim)) * scales
    vectors = vectors @ np.linalg.qr(generator.normal(size=(dim, dim)))[0]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def encoded_segment(ids: TargetIds, vectors: Vectors, codec: Codec) -> VectorSegment:
    """A segment of encoded vectors in memory, without the vectors as they were embedded."""
    encoded = codec.encode(vectors)
    rows = np.flatnonzero(codec.misfits(vectors, encoded))
    whole = WholeRows(rows, vectors[rows])
    return VectorSegment(ids, encoded, np.empty(0, np.int64), codec, vectors.shape[1], whole)
