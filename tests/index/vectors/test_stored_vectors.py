"""Stored vectors: segments, deleted rows, and one cosine for each pair of vectors."""

import dataclasses
import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.arrays import Vectors
from galsearch.index.vectors.codec import make_codec
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment
from tests.index.vectors.low_rank_vectors import encoded_segment, low_rank_vectors


@pytest.mark.parametrize("store", ["float32", "int8"])
def test_a_pair_has_the_same_cosine_in_every_call(tmp_path: Path, store: str) -> None:
    vectors = low_rank_vectors(300, 24)
    pca = PrincipalAxes.fit(vectors)
    codec = make_codec(store, 24, pca)
    ids = np.arange(300, dtype=np.int64)
    segment = encoded_segment(ids, vectors, codec)
    stored = StoredVectors([segment])
    rows = np.random.default_rng(3).integers(0, 300, (20, 9))
    batch = stored.cosines(rows, vectors[:20])
    for query in range(20):
        assert np.array_equal(stored.cosines(rows[query], vectors[query]), batch[query])
    decoded = stored.take(rows.reshape(-1)).reshape(20, 9, 24)
    np.testing.assert_allclose(batch, np.vecdot(decoded, vectors[:20, None]), atol=1e-6)


@pytest.mark.parametrize("store", ["float32", "float16", "int8"])
def test_a_row_has_the_same_vector_in_every_call(store: str) -> None:
    """Re-observed galaxies differ by less than the last bits, which would decide their order."""
    vectors = low_rank_vectors(300, 24)
    codec = make_codec(store, 24, PrincipalAxes.fit(vectors))
    stored = StoredVectors([encoded_segment(np.arange(300, dtype=np.int64), vectors, codec)])
    together = stored.take(np.arange(300))
    alone = np.concatenate([stored.take(np.array([row])) for row in range(300)])
    np.testing.assert_array_equal(alone, together)


def segment(ids: list[int], vectors: Vectors, deleted: list[int]) -> VectorSegment:
    whole = VectorSegment.in_memory(np.array(ids, np.int64), vectors)
    return dataclasses.replace(whole, deleted_rows=np.array(deleted, np.int64))


def test_rows_are_numbered_through_segments_and_deleted_rows_are_not_found() -> None:
    vectors = low_rank_vectors(5, 4)
    stored = StoredVectors(
        [segment([10, 30, 50], vectors[:3], [1]), segment([20, 30], vectors[3:], [])]
    )
    assert (len(stored), stored.n_rows) == (4, 5)
    assert stored.ids.tolist() == [10, 20, 30, 50]
    assert stored.deleted_rows.tolist() == [1]
    assert stored.rows_of(np.array([50, 30, 40, 10])).tolist() == [2, 4, -1, 0]
    assert stored.ids_at(np.array([[4, 0], [2, 3]])).tolist() == [[30, 10], [50, 20]]
    rows, blocks = zip(*stored.blocks(), strict=True)
    assert np.concatenate(rows).tolist() == [0, 2, 3, 4]
    np.testing.assert_array_equal(np.concatenate(blocks), vectors[[0, 2, 3, 4]])
    np.testing.assert_array_equal(stored.take(np.array([4, 0])), vectors[[4, 0]])


def test_an_id_that_was_deleted_and_added_again_is_found_in_the_later_segment() -> None:
    vectors = low_rank_vectors(2, 4)
    stored = StoredVectors([segment([7], vectors[:1], [0]), segment([7], vectors[1:], [])])
    assert stored.ids.tolist() == [7]
    assert stored.rows_of(np.array([7])).tolist() == [1]


@pytest.mark.parametrize("store", ["float32", "int8"])
def test_vectors_are_freed_with_the_last_reference_after_their_originals_were_used(
    store: str,
) -> None:
    """A circle of references would keep the files of an index open."""
    vectors = low_rank_vectors(50, 8)
    codec = make_codec(store, 8, PrincipalAxes.fit(vectors))
    part = encoded_segment(np.arange(50), vectors, codec)
    originals = part.vectors if store == "float32" else vectors
    stored = StoredVectors([dataclasses.replace(part, originals=originals)])
    assert (stored.originals is stored) == (store == "float32")
    assert stored.originals is stored.originals is not None
    freed = weakref.ref(stored)
    gc.disable()
    try:
        del stored
        assert freed() is None
    finally:
        gc.enable()
