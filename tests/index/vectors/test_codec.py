"""Encodings of stored vectors: small errors and unit norms after decoding."""

import numpy as np
import pytest

from galsearch.index.vectors.codec import make_codec
from galsearch.index.vectors.pca import PrincipalAxes
from tests.index.vectors.low_rank_vectors import low_rank_vectors


@pytest.mark.parametrize(("store", "error"), [("float32", 0), ("float16", 5e-4), ("int8", 4e-4)])
def test_decoded_vectors_have_unit_norm_and_small_errors(store: str, error: float) -> None:
    vectors = low_rank_vectors(500, 32)
    codec = make_codec(store, 32, PrincipalAxes.fit(vectors))
    rows = codec.encode(vectors)
    assert rows.shape == (500, codec.width)
    back = codec.decode(rows)
    errors = np.linalg.norm(back - vectors, axis=1)
    assert np.quantile(errors, 0.95) <= error
    assert errors.max() <= 20 * error
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1, atol=1e-6)
    assert np.array_equal(codec.encode(vectors[:7]), rows[:7])


def test_the_int8_encoding_needs_principal_axes() -> None:
    with pytest.raises(ValueError, match="the int8 encoding needs the principal axes"):
        make_codec("int8", 8, None)
