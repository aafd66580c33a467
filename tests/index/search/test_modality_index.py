"""Search of one modality: which method finds the neighbours, and that none is left out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.index.search import modality_index
from galsearch.index.search.modality_index import EXACT_UP_TO, ModalityIndex
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.search.search_settings import SearchSettings
from tests.index.ivf.filled_lists import filled_lists, random_unit_vectors, stored_in_memory
from tests.reference.brute_force import brute_force

N, DIM, N_LISTS = 4000, 16, 16
VECTORS = random_unit_vectors(N, DIM, seed=1)
STORED = stored_in_memory(VECTORS)
INDEX = ModalityIndex(STORED, filled_lists(STORED, family="ivfsq", n_lists=N_LISTS))
ALL_LISTS = SearchSettings(n_probe=N_LISTS, rerank=4)


@given(
    k=st.integers(1, 50),
    n_selected=st.none() | st.sampled_from([0, 1, 30, 1500, N]),
    excludes=st.booleans(),
    seed=st.integers(0, 99),
)
def test_all_lists_find_the_neighbours_of_brute_force(
    k: int, n_selected: int | None, excludes: bool, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    query_rows = generator.integers(0, N, 3)
    selected = np.arange(N)
    row_filter = None
    if n_selected is not None:
        selected = np.sort(generator.permutation(N)[:n_selected])
        row_filter = RowFilter(STORED, STORED.ids[selected])
    found = INDEX.search(
        VECTORS[query_rows],
        k=k,
        settings=ALL_LISTS,
        exclude_rows=query_rows if excludes else None,
        row_filter=row_filter,
    )
    for i, row in enumerate(query_rows):
        own = int(STORED.ids[row]) if excludes else None
        ids, cosines = brute_force(
            VECTORS[selected], STORED.ids[selected], VECTORS[row], k=k, exclude=own
        )
        n = int(found.counts[i])
        assert found.target_ids[i, :n].tolist() == ids.tolist()
        np.testing.assert_array_equal(found.similarity[i, :n], cosines)


@pytest.mark.parametrize(
    ("arguments", "is_exact"),
    [
        ({}, False),
        ({"exact": True}, True),
        ({"k": 300}, True),  # re-ranking would read more than a quarter of all vectors
        ({"row_filter": RowFilter(STORED, STORED.ids[:EXACT_UP_TO])}, True),
        ({"row_filter": RowFilter(STORED, STORED.ids[: EXACT_UP_TO + 1])}, True),
    ],
)
def test_search_is_exact_only_where_that_is_requested_or_cheaper(
    arguments: dict[str, Any], is_exact: bool
) -> None:
    found = INDEX.search(VECTORS[:4], **{"k": 5, "settings": ALL_LISTS, **arguments})
    assert found.exact.tolist() == [is_exact] * 4


def test_lists_are_probed_where_they_cost_less_than_comparing_all_that_a_filter_selects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row_filter = RowFilter(STORED, STORED.ids[: N - 1])
    for cost, is_exact in ((0.0, True), (np.inf, False)):
        monkeypatch.setattr(modality_index, "exact_cost", lambda *_, cost=cost: cost)
        found = INDEX.search(VECTORS[:4], k=5, settings=ALL_LISTS, row_filter=row_filter)
        assert found.exact.tolist() == [is_exact] * 4


def test_sparse_filters_probe_more_lists() -> None:
    factors = [modality_index.filter_oversampling(density) for density in (1, 0.3, 0.1, 0.01, 0)]
    assert factors == sorted(factors)
    assert factors[:2] == [2, 2]
    assert 3 < factors[2] < 5


def test_without_lists_search_is_exact() -> None:
    flat = ModalityIndex(STORED, None)
    assert flat.search(VECTORS[:2], k=5, settings=SearchSettings(1, 1)).exact.all()


class NoCandidates:
    """A source of candidates that finds none and counts its calls."""

    n_calls = 0

    def candidates(self, queries: np.ndarray, *, n: int, n_probe: int) -> np.ndarray:  # noqa: ARG002
        self.n_calls += 1
        return np.full((len(queries), n), -1)


def test_queries_with_too_few_candidates_are_searched_exactly() -> None:
    source = NoCandidates()
    index = ModalityIndex(STORED, INDEX.lists, on_gpu=source)
    found = index.search(VECTORS[:3], k=5, settings=ALL_LISTS)
    assert source.n_calls == 1
    assert found.exact.all()
    expected = INDEX.search(VECTORS[:3], k=5, settings=ALL_LISTS)
    np.testing.assert_array_equal(found.target_ids, expected.target_ids)


def test_cross_modal_queries_use_the_query_aware_lists_where_there_are_some() -> None:
    own, query_aware = NoCandidates(), NoCandidates()
    other = filled_lists(STORED, family="ivfsq", n_lists=4)
    index = ModalityIndex(STORED, INDEX.lists, own, other, query_aware)
    assert index.lists_for(cross_modal=True) is other
    assert index.lists_for(cross_modal=False) is INDEX.lists
    assert INDEX.lists_for(cross_modal=True) is INDEX.lists
    index.search(VECTORS[:1], k=5, settings=ALL_LISTS, cross_modal=True)
    assert (own.n_calls, query_aware.n_calls) == (0, 1)
