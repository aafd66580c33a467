"""Candidates of filtered queries are selected rows of as few of the nearest lists as suffice."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.search import filtered_lists as module
from galsearch.index.search.row_filter import RowFilter
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory

N, DIM, N_LISTS = 2000, 16, 16
STORED = stored_in_memory(random_unit_vectors(N, DIM, seed=1))
LISTS = filled_lists(STORED, family="ivfsq", n_lists=N_LISTS)
VECTORS = STORED.take(np.arange(N))


@given(share=st.sampled_from([0.01, 0.2, 0.9]), n_enough=st.integers(1, N), seed=st.integers(0, 9))
def test_enough_selected_vectors_of_the_nearest_lists_are_compared(
    share: float, n_enough: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    rows = np.sort(generator.permutation(N)[: int(share * N)])
    filtered = RowFilter(STORED, STORED.ids[rows]).in_lists(LISTS)
    queries = VECTORS[generator.integers(0, N, 5)]
    found = filtered.candidates(queries, n=len(rows), n_enough=n_enough)
    rotated = LISTS.rotate_queries(queries)
    for query, candidates in zip(rotated, found, strict=True):
        compared = set(candidates[candidates >= 0].tolist())
        assert compared <= set(rows.tolist())
        # Slow reference: visit all lists by distance until they hold enough selected vectors.
        distances = np.square(LISTS.centroids(np.arange(N_LISTS)) - query).sum(axis=1)
        expected: set[int] = set()
        for number in np.argsort(distances):
            if len(expected) >= min(n_enough, len(rows)):
                break
            expected |= set(rows[LISTS.list_of_row[rows] == number].tolist())
        assert compared == expected


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_temporary_index_with_all_lists_probed_finds_every_selected_row(share: float) -> None:
    rows = np.sort(np.random.default_rng(3).permutation(N)[: int(share * N)])
    filtered = RowFilter(STORED, STORED.ids[rows]).in_lists(LISTS)
    n_lists = filtered.n_temporary_lists
    assert n_lists is not None
    found = filtered.temporary_candidates(VECTORS[:3], n=len(rows), n_probe=n_lists)
    assert (np.sort(found, axis=1) == rows).all()
    # The nearest projections come first, and the query itself is at distance 0.
    first = filtered.temporary_candidates(VECTORS[rows[:3]], n=1, n_probe=n_lists)
    assert first[:, 0].tolist() == rows[:3].tolist()


def test_there_is_no_temporary_index_of_too_many_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_TEMPORARY_COMPONENTS", 100 * LISTS.plan.n_components)
    for n, expected in ((100, True), (101, False)):
        filtered = RowFilter(STORED, STORED.ids[:n]).in_lists(LISTS)
        assert (filtered.n_temporary_lists is not None) == expected


def test_selected_vectors_of_one_list_are_clustered_and_random_ones_are_not() -> None:
    in_one_list = np.flatnonzero(LISTS.list_of_row == 0)
    clustered = RowFilter(STORED, STORED.ids[in_one_list]).in_lists(LISTS)
    assert clustered.is_clustered
    assert clustered.density == 1.0
    spread = RowFilter(STORED, STORED.ids[::10]).in_lists(LISTS)
    assert not spread.is_clustered
    assert spread.density == pytest.approx(0.1)
    assert spread.probe_cost(10) < spread.probe_cost(100)
