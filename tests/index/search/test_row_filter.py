"""A RowFilter holds the rows of the selected galaxies that have a vector of the modality."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.search import row_filter as module
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.vectors.stored_vectors import StoredVectors
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory

N = 1500
STORED = stored_in_memory(random_unit_vectors(N, 4, seed=1))


@given(rows=st.sets(st.integers(0, N - 1)), unknown=st.sets(st.integers(1, 1000)))
def test_galaxies_without_a_vector_are_left_out(rows: set[int], unknown: set[int]) -> None:
    ids = np.array([*unknown, *(int(STORED.ids[row]) for row in rows)], np.int64)
    row_filter = RowFilter(STORED, ids)
    assert row_filter.rows.tolist() == sorted(rows)
    assert len(row_filter) == len(rows)
    bits = np.unpackbits(row_filter.bitmap, bitorder="little")
    assert np.flatnonzero(bits).tolist() == sorted(rows)


@pytest.mark.parametrize("n_cached", [0, 10**6])
def test_blocks_hold_each_selected_vector_once(
    n_cached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_CACHED_COMPONENTS", n_cached)
    monkeypatch.setattr(module, "_BLOCK_ROWS", 70)
    row_filter = RowFilter(STORED, STORED.ids[::3])
    for _ in range(2):
        rows, vectors = (np.concatenate(part) for part in zip(*row_filter.blocks(), strict=True))
        assert rows.tolist() == list(range(0, N, 3))
        np.testing.assert_array_equal(vectors, STORED.take(rows))


def test_deleted_galaxies_are_left_out() -> None:
    segment = STORED.segments[0]
    deleted = np.array([2, 3])
    stored = StoredVectors([dataclasses.replace(segment, deleted_rows=deleted)])
    assert RowFilter(stored, segment.ids[:5]).rows.tolist() == [0, 1, 4]


def test_the_selection_in_lists_is_computed_once_for_each_lists() -> None:
    one, other = (filled_lists(STORED, family="ivfsq", n_lists=n) for n in (2, 4))
    row_filter = RowFilter(STORED, STORED.ids[:9])
    assert row_filter.in_lists(one) is row_filter.in_lists(one)
    assert row_filter.in_lists(one).counts.sum() == row_filter.in_lists(other).counts.sum() == 9
    assert len(row_filter.in_lists(other).counts) == 4
