"""The int8 encoding: outliers, norms, and neighbours that 8 bits could not distinguish."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.vectors.int8_codec import Int8Codec
from galsearch.index.vectors.pca import PrincipalAxes
from tests.index.vectors.low_rank_vectors import low_rank_vectors


def test_coordinates_of_outliers_are_clipped() -> None:
    vectors = low_rank_vectors(500, 32)
    codec = Int8Codec(PrincipalAxes.fit(vectors))
    outliers = np.eye(32, dtype=np.float32) @ codec.pca.axes
    back = codec.decode(codec.encode(outliers))
    assert np.isfinite(back).all()
    assert (np.vecdot(back, outliers) > 0).all()


def test_int8_distinguishes_neighbours_that_one_byte_for_each_component_does_not() -> None:
    vectors = low_rank_vectors(20_000, 64)
    queries = low_rank_vectors(100, 64, seed=1)[:100] + np.float32(1e-3)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    codec = Int8Codec(PrincipalAxes.fit(vectors))
    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    coarse = np.rint(vectors * (127 / np.abs(vectors).max(axis=1, keepdims=True)))
    coarse /= np.linalg.norm(coarse, axis=1, keepdims=True)
    shares = []
    for rows in (codec.decode(codec.encode(vectors)), coarse):
        found = np.argsort(-(queries @ rows.T), axis=1)[:, :10]
        shares.append(
            np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, truth, strict=True)])
        )
    assert shares[0] > 0.97 > shares[1]


@given(seed=st.integers(0, 50), outliers=st.booleans())
def test_an_encoded_vector_has_norm_1_even_if_it_was_clipped(seed: int, outliers: bool) -> None:
    codec = Int8Codec(PrincipalAxes.fit(low_rank_vectors(500, 48)))
    vectors = low_rank_vectors(200, 48, seed=seed)
    if outliers:
        vectors = np.roll(vectors, seed, axis=1)
    rows = codec.encode(vectors)
    decoded = codec.decode(rows)
    products = codec.cosines(rows, codec.weights(decoded)[0])
    np.testing.assert_allclose(products + codec.weights(decoded)[1], 1, atol=1e-5)
