"""Exact search against a brute-force reference: ties, duplicates, exclusion, any k, any blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.core.ids import find_rows
from galsearch.index.search import exact_search as module
from galsearch.index.search.exact_search import exact_search
from galsearch.index.vectors import stored_vectors as stored
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment
from tests.reference.brute_force import brute_force


def one_segment(ids: np.ndarray, vectors: np.ndarray) -> StoredVectors:
    return StoredVectors([VectorSegment.in_memory(ids, vectors)])


@st.composite
def skies(draw: st.DrawFn) -> StoredVectors:
    """Few distinct directions, so that ties and duplicates abound."""
    n = draw(st.integers(1, 60))
    dim = draw(st.integers(1, 9))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    distinct = generator.normal(size=(draw(st.integers(1, 12)), dim))
    distinct /= np.linalg.norm(distinct, axis=1, keepdims=True)
    vectors = distinct[generator.integers(0, len(distinct), n)].astype(np.float32)
    ids = np.sort(generator.choice(10**6, n, replace=False)) + 2**60
    return one_segment(ids, vectors)


@given(sky=skies(), k=st.integers(1, 80), data=st.data())
def test_exact_search_is_brute_force(sky: StoredVectors, k: int, data: st.DataObject) -> None:
    query = data.draw(st.integers(0, len(sky) - 1))
    excluded = data.draw(st.sampled_from([-1, query]))
    vectors = sky.segments[0].vectors
    rows, cosines = exact_search(sky, vectors[[query]], k=k, exclude_rows=np.array([excluded]))
    assert rows.shape == cosines.shape == (1, k)
    expected = brute_force(
        vectors,
        sky.ids,
        vectors[query],
        k=k,
        exclude=None if excluded < 0 else int(sky.ids[excluded]),
    )
    n = len(expected[0])
    assert sky.ids[rows[0, :n]].tolist() == expected[0].tolist()
    np.testing.assert_array_equal(cosines[0, :n], expected[1])
    assert (rows[0, n:] == -1).all()
    assert np.isnan(cosines[0, n:]).all()


def test_the_result_does_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    vectors = generator.normal(size=(500, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors.astype(np.float32)
    sky = one_segment(np.arange(1, 501), vectors)
    whole = exact_search(sky, vectors[:200], k=7)
    monkeypatch.setattr(stored, "_BLOCK_ROWS", 13)
    monkeypatch.setattr(module, "_QUERIES_AT_A_TIME", 3)
    blocked = exact_search(sky, vectors[:200], k=7)
    for one, other in zip(whole, blocked, strict=True):
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1], other[1])


@given(
    stored=st.sets(st.integers(1, 2**63 - 1), max_size=20),
    others=st.lists(st.integers(1, 2**63 - 1), max_size=10),
)
def test_only_equal_ids_are_found(stored: set[int], others: list[int]) -> None:
    ids = np.array(sorted(stored), np.int64)
    wanted = [*stored, *others]
    rows = find_rows(ids, np.array(wanted, np.int64))
    for target_id, row in zip(wanted, rows, strict=True):
        assert (row >= 0) == (target_id in stored)
        assert row < 0 or ids[row] == target_id


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vectors_that_are_not_finite_are_named_and_not_left_out(value: float) -> None:
    vectors = np.eye(4, dtype=np.float32)[np.arange(40) % 4]
    vectors[7, 1] = value
    sky = one_segment(np.arange(40) + 2**60, vectors)
    for queries in (vectors[[0]], vectors[[0, 7]], vectors[[7]]):
        with pytest.raises(ManifestError) as caught:
            exact_search(sky, queries, k=3)
        assert "cannot be compared with the query" in str(caught.value)
    with pytest.raises(ManifestError) as caught:
        exact_search(sky, vectors[[0]], k=3)
    assert str(caught.value) == (
        f"the stored vector of TARGETID {2**60 + 7} cannot be compared with the query, because one "
        "of them is not finite (1 such vectors)."
    )
