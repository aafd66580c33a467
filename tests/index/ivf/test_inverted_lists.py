"""Inverted lists: candidates independent of the batch, merging, and content after a change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.index.ivf.inverted_lists import locality_order
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory


@given(n=st.integers(1, 300), dim=st.integers(1, 3), seed=st.integers(0, 5))
def test_the_locality_order_has_each_query_once(n: int, dim: int, seed: int) -> None:
    queries = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    assert sorted(locality_order(queries).tolist()) == list(range(n))


@pytest.mark.parametrize("family", ["ivfsq", "ivfpq", "fastscan"])
def test_a_query_has_the_same_candidates_alone_and_in_a_batch(family: Any) -> None:
    vectors = random_unit_vectors(2000, 32, 1)
    lists = filled_lists(stored_in_memory(vectors), family=family, n_lists=16)
    queries = vectors[np.random.default_rng(1).permutation(300)]
    batch = lists.candidates(queries, n=15, n_probe=4)
    alone = [lists.candidates(queries[i : i + 1], n=15, n_probe=4)[0] for i in range(300)]
    # Fast scan breaks ties of its coarse estimates in an order that is not defined.
    same = np.mean([len(np.intersect1d(a, b)) / 15 for a, b in zip(alone, batch, strict=True)])
    assert same == 1 if family != "fastscan" else same > 0.98


@pytest.mark.parametrize("family", ["ivfsq", "ivfpq", "fastscan"])
def test_merged_segments_hold_the_rows_of_both_without_the_deleted_ones(family: Any) -> None:
    vectors = random_unit_vectors(1500, 32, 1)
    whole = filled_lists(stored_in_memory(vectors), family=family, n_lists=8)
    first, second = whole.clone_empty(), whole.clone_empty()
    first.add(vectors[:900], np.arange(900))
    second.add(vectors[900:], np.arange(600))
    assert first.sizes.sum() == 900
    assert len(first.list_of_row) == 900
    first.merge_segments([second], deleted_rows=np.array([5, 1000]))
    expected = whole.list_of_row.copy()
    expected[[5, 1000]] = -1
    np.testing.assert_array_equal(first.list_of_row, expected)
    assert first.sizes.sum() == first.n_vectors == 1498
    assert second.n_vectors == second.sizes.sum() == 0


def test_only_allowed_rows_are_candidates() -> None:
    vectors = random_unit_vectors(1000, 16, 1)
    lists = filled_lists(stored_in_memory(vectors), n_lists=8)
    allowed = np.zeros(1000, bool)
    allowed[::7] = True
    rotated = lists.rotate_queries(vectors[:20])
    distances, numbers = lists.nearest_lists(rotated, 8)
    bitmap = np.packbits(allowed, bitorder="little")
    rows = lists.search_lists(rotated, numbers, distances, 10, bitmap)
    assert allowed[rows].all()


def test_equal_quantisers_have_one_digest() -> None:
    stored = stored_in_memory(random_unit_vectors(1000, 16, 1))
    lists, other = filled_lists(stored, n_lists=8), filled_lists(stored, n_lists=8, seed=2)
    assert lists.quantiser_digest() == lists.clone_empty().quantiser_digest()
    assert lists.quantiser_digest() != other.quantiser_digest()


def test_errors_of_faiss_in_searches_and_merges_have_a_sentence() -> None:
    stored = stored_in_memory(random_unit_vectors(600, 16, 1))
    lists = filled_lists(stored, family="ivfsq", n_lists=4)
    other = filled_lists(stored, family="ivfsq", n_lists=5)
    queries = stored.take(np.arange(3))

    def message(call: Callable[[], object]) -> str:
        with pytest.raises(ManifestError) as caught:
            call()
        return str(caught.value)

    assert message(lambda: lists.candidates(queries, n=0, n_probe=2)) == (
        "search of 2 inverted lists: FAISS cannot do it ('k > 0' failed)."
    )
    assert message(lambda: lists.merge_segments([other], deleted_rows=np.empty(0, np.int64))) == (
        "merging of inverted lists: FAISS cannot do it ('other->nlist == nlist' failed)."
    )
    assert message(lambda: lists.add(queries, np.arange(2))) == (
        "addition of 2 vectors to inverted lists: FAISS cannot do it (not same nb of vectors as "
        "ids)."
    )
