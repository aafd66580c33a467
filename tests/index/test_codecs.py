"""Stored rows: what comes back, how exactly, and that a pair has one cosine however it is asked."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.codec import TurnedCodec, make_codec
from galsearch.index.vectors.pca import Basis, n_fine
from galsearch.index.vectors.stored_vectors import Segment, StoredVectors


def narrow(n: int, dim: int, seed: int = 1) -> np.ndarray:
    """Unit vectors that fill few directions, as embeddings do."""
    generator = np.random.default_rng(seed)
    widths = 0.5 ** np.arange(dim)
    vectors = generator.normal(size=(n, dim)) * widths
    vectors = vectors @ np.linalg.qr(generator.normal(size=(dim, dim)))[0]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_a_basis_turns_without_stretching_and_lists_the_widest_first() -> None:
    vectors = narrow(2000, 24)
    basis = Basis.of(vectors)
    np.testing.assert_allclose(basis.axes @ basis.axes.T, np.eye(24), atol=1e-5)
    turned = basis.turn(vectors)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), 1, atol=1e-5)
    assert (np.diff(basis.shares) <= 1e-12).all()
    np.testing.assert_allclose(np.mean(turned.astype(float) ** 2, axis=0), basis.shares, atol=1e-5)
    assert basis.n_telling == 16
    lost = 1 - np.linalg.norm(turned[:, : basis.n_telling], axis=1) ** 2
    assert lost.mean() <= 1e-3
    within = (basis.low < turned) & (turned < basis.high)
    assert within[:, : n_fine(24)].all()
    assert within.mean() > 0.997


@given(n=st.integers(1, 40), start=st.integers(0, 39))
def test_what_a_row_becomes_does_not_depend_on_those_beside_it(n: int, start: int) -> None:
    vectors = narrow(80, 24)
    basis = Basis.of(vectors)
    alone = np.concatenate([basis.turn(vectors[i : i + 1]) for i in range(start, start + n)])
    assert np.array_equal(basis.turn(vectors[start : start + n]), alone)


@pytest.mark.parametrize(("store", "error"), [("float32", 0), ("float16", 5e-4), ("int8", 4e-4)])
def test_stored_rows_come_back_as_unit_vectors(store: str, error: float) -> None:
    vectors = narrow(500, 32)
    codec = make_codec(store, 32, Basis.of(vectors))
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
    codec = TurnedCodec(Basis.of(vectors))
    strange = np.eye(32, dtype=np.float32) @ codec.basis.axes
    back = codec.decode(codec.encode(strange))
    assert np.isfinite(back).all()
    assert (np.vecdot(back, strange) > 0).all()


def test_int8_tells_neighbours_apart_that_a_byte_a_component_does_not() -> None:
    vectors = narrow(20_000, 64)
    questions = narrow(100, 64, seed=1)[:100] + np.float32(1e-3)
    questions /= np.linalg.norm(questions, axis=1, keepdims=True)
    codec = TurnedCodec(Basis.of(vectors))
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
    basis = Basis.of(vectors)
    codec = make_codec(store, 24, basis)
    ids = np.arange(300, dtype=np.int64)
    segment = Segment(ids, codec.encode(vectors), np.empty(0, np.int64), codec, 24)
    stored = StoredVectors([segment])
    rows = np.random.default_rng(3).integers(0, 300, (20, 9))
    together = stored.cosines(rows, vectors[:20])
    for question in range(20):
        assert np.array_equal(stored.cosines(rows[question], vectors[question]), together[question])
    decoded = stored.take(rows.reshape(-1)).reshape(20, 9, 24)
    np.testing.assert_allclose(together, np.vecdot(decoded, vectors[:20, None]), atol=1e-6)


def test_a_basis_file_that_is_another_is_named(tmp_path: Path) -> None:
    path = tmp_path / "basis.npz"
    Basis.of(narrow(50, 8)).write(path)
    assert Basis.read(path, dim=8).dim == 8
    with pytest.raises(ManifestError) as caught:
        Basis.read(path, dim=9)
    assert str(caught.value) == (
        f"{path}: arrays of shapes [(8, 8), (8,), (8,), (8,)], manifest.json says 9 components."
    )
    path.write_bytes(b"nothing")
    with pytest.raises(ManifestError, match="not a basis"):
        Basis.read(path, dim=8)


@given(seed=st.integers(0, 50), strange=st.booleans())
def test_a_compact_row_has_length_one_whatever_was_cut(seed: int, strange: bool) -> None:
    codec = TurnedCodec(Basis.of(narrow(500, 48)))
    vectors = narrow(200, 48, seed=seed)
    if strange:
        vectors = np.roll(vectors, seed, axis=1)
    stored = StoredVectors(
        [Segment(np.arange(200), codec.encode(vectors), np.empty(0, np.int64), codec, 48)]
    )
    mine = stored.take(np.arange(200))
    own = codec.cosines(stored.segments[0].vectors, codec.weights(mine)[0])
    np.testing.assert_allclose(own + codec.weights(mine)[1], 1, atol=1e-5)
