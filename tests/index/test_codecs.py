"""Stored rows: what comes back, how exactly, and that a pair has one cosine however it is asked."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.codec import make_codec
from galsearch.index.vectors.int8_codec import Int8Codec
from galsearch.index.vectors.pca import MAX_UNEXPLAINED, PrincipalAxes, n_fine_axes
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment


def narrow(n: int, dim: int, seed: int = 1) -> np.ndarray:
    """Unit vectors that fill few directions, as embeddings do."""
    generator = np.random.default_rng(seed)
    widths = 0.5 ** np.arange(dim)
    vectors = generator.normal(size=(n, dim)) * widths
    vectors = vectors @ np.linalg.qr(generator.normal(size=(dim, dim)))[0]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_basis_turns_without_stretching_and_lists_the_widest_first() -> None:
    vectors = narrow(2000, 24)
    pca = PrincipalAxes.fit(vectors)
    np.testing.assert_allclose(pca.axes @ pca.axes.T, np.eye(24), atol=1e-5)
    turned = pca.rotate(vectors)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-5)
    assert (np.diff(pca.explained_variance_ratio) <= 1e-12).all()
    np.testing.assert_allclose(
        np.mean(turned.astype(float) ** 2, axis=0), pca.explained_variance_ratio, atol=1e-5
    )
    assert pca.n_components_for(MAX_UNEXPLAINED) == 16
    lost = 1 - np.linalg.norm(turned[:, : pca.n_components_for(MAX_UNEXPLAINED)], axis=1) ** 2
    assert lost.mean() <= 1e-3
    within = (pca.low < turned) & (turned < pca.high)
    assert within[:, : n_fine_axes(24)].all()
    assert within.mean() > 0.997


@given(n=st.integers(1, 40), start=st.integers(0, 39))
def test_what_a_row_becomes_does_not_depend_on_those_beside_it(n: int, start: int) -> None:
    vectors = narrow(80, 24)
    pca = PrincipalAxes.fit(vectors)
    alone = np.concatenate([pca.rotate(vectors[i : i + 1]) for i in range(start, start + n)])
    assert np.array_equal(pca.rotate(vectors[start : start + n]), alone)


@pytest.mark.parametrize(("store", "error"), [("float32", 0), ("float16", 5e-4), ("int8", 4e-4)])
def test_stored_rows_come_back_as_unit_vectors(store: str, error: float) -> None:
    vectors = narrow(500, 32)
    codec = make_codec(store, 32, PrincipalAxes.fit(vectors))
    rows = codec.encode(vectors)
    assert rows.shape == (500, codec.width)
    back = codec.decode(rows)
    errors = np.linalg.norm(back - vectors, axis=1)
    assert np.quantile(errors, 0.95) <= error
    assert errors.max() <= 20 * error
    np.testing.assert_allclose(np.linalg.norm(back, axis=1), 1, atol=1e-6)
    assert np.array_equal(codec.encode(vectors[:7]), rows[:7])


def test_a_vector_beyond_the_sampled_ranges_goes_to_their_end() -> None:
    vectors = narrow(500, 32)
    codec = Int8Codec(PrincipalAxes.fit(vectors))
    strange = np.eye(32, dtype=np.float32) @ codec.pca.axes
    back = codec.decode(codec.encode(strange))
    assert np.isfinite(back).all()
    assert (np.vecdot(back, strange) > 0).all()


def test_int8_tells_neighbours_apart_that_a_byte_a_component_does_not() -> None:
    vectors = narrow(20_000, 64)
    questions = narrow(100, 64, seed=1)[:100] + np.float32(1e-3)
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    codec = Int8Codec(PrincipalAxes.fit(vectors))
    truth = np.argsort(-(questions @ vectors.T), axis=1)[:, :10]
    coarse = np.rint(vectors * (127 / np.abs(vectors).max(axis=1, keepdims=True)))
    coarse /= np.linalg.norm(coarse, axis=1, keepdims=True)
    shares = []
    for rows in (codec.decode(codec.encode(vectors)), coarse):
        found = np.argsort(-(questions @ rows.T), axis=1)[:, :10]
        shares.append(
            np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found, truth, strict=True)])
        )
    assert shares[0] > 0.97 > shares[1]


@pytest.mark.parametrize("store", ["float32", "int8"])
def test_a_pair_has_one_cosine_alone_or_among_others(tmp_path: Path, store: str) -> None:
    vectors = narrow(300, 24)
    pca = PrincipalAxes.fit(vectors)
    codec = make_codec(store, 24, pca)
    ids = np.arange(300, dtype=np.int64)
    segment = VectorSegment(ids, codec.encode(vectors), np.empty(0, np.int64), codec, 24)
    stored = StoredVectors([segment])
    rows = np.random.default_rng(3).integers(0, 300, (20, 9))
    together = stored.cosines(rows, vectors[:20])
    for question in range(20):
        assert np.array_equal(stored.cosines(rows[question], vectors[question]), together[question])
    decoded = stored.take(rows.reshape(-1)).reshape(20, 9, 24)
    np.testing.assert_allclose(together, np.vecdot(decoded, vectors[:20, None]), atol=1e-6)


def test_a_basis_file_that_is_another_is_named(tmp_path: Path) -> None:
    path = tmp_path / "basis.npz"
    PrincipalAxes.fit(narrow(50, 8)).write(path)
    assert PrincipalAxes.read(path, dim=8).dim == 8
    with pytest.raises(ManifestError) as caught:
        PrincipalAxes.read(path, dim=9)
    assert str(caught.value) == (
        f"{path}: arrays of shapes [(8, 8), (8,), (8,), (8,)], manifest.json says 9 dimensions."
    )
    path.write_bytes(b"nothing")
    with pytest.raises(ManifestError, match="no principal axes"):
        PrincipalAxes.read(path, dim=8)


@given(seed=st.integers(0, 50), strange=st.booleans())
def test_a_compact_row_has_length_one_whatever_was_cut(seed: int, strange: bool) -> None:
    codec = Int8Codec(PrincipalAxes.fit(narrow(500, 48)))
    vectors = narrow(200, 48, seed=seed)
    if strange:
        vectors = np.roll(vectors, seed, axis=1)
    stored = StoredVectors(
        [VectorSegment(np.arange(200), codec.encode(vectors), np.empty(0, np.int64), codec, 48)]
    )
    mine = stored.take(np.arange(200))
    own = codec.cosines(stored.segments[0].vectors, codec.weights(mine)[0])
    np.testing.assert_allclose(own + codec.weights(mine)[1], 1, atol=1e-5)
