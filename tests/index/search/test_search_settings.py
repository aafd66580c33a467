"""Search settings: those of the tuned direction, or the largest where the direction is unknown."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index.search.search_settings import (
    MIN_DEPTH_K,
    RareSettings,
    SearchSettings,
    depth_of,
    least_probe,
    tuned_settings,
)

IMAGE, SPECTRUM = Modality.IMAGE, Modality.SPECTRUM
DIRECTION_ENTRIES: Any = [
    SimpleNamespace(using=using, among=among, n_probe=n_probe, rerank=rerank, rare=None)
    for (using, among), n_probe, rerank in zip(
        DIRECTIONS, (3, 9, 5, 2), (4.0, 1.0, 2.0, 8.0), strict=True
    )
]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_tuned_direction_has_its_own_settings(direction: tuple[Modality, Modality]) -> None:
    entry = DIRECTION_ENTRIES[DIRECTIONS.index(direction)]
    assert tuned_settings(DIRECTION_ENTRIES, *direction) == SearchSettings(
        entry.n_probe, entry.rerank
    )


@pytest.mark.parametrize("among", Modality)
def test_an_unknown_direction_has_the_largest_settings(among: Modality) -> None:
    entries = [entry for entry in DIRECTION_ENTRIES if entry.among == among]
    largest = SearchSettings(max(e.n_probe for e in entries), max(e.rerank for e in entries))
    assert tuned_settings(DIRECTION_ENTRIES, None, among) == largest
    own = [entry for entry in entries if entry.using == among]
    other = IMAGE if among == SPECTRUM else SPECTRUM
    assert tuned_settings(own, other, among) == SearchSettings(own[0].n_probe, own[0].rerank)
    assert tuned_settings([], None, among) == SearchSettings(1, 1)


def test_rare_queries_have_settings_of_their_own_and_given_values_replace_both() -> None:
    rare = RareSettings(above=0.2, n_probe=7, rerank=3.0)
    entry = SimpleNamespace(using=IMAGE, among=IMAGE, n_probe=2, rerank=1.5, rare=rare)
    other = SimpleNamespace(using=SPECTRUM, among=IMAGE, n_probe=3, rerank=1.0, rare=None)
    settings = tuned_settings([entry, other], IMAGE, IMAGE)
    assert settings == SearchSettings(2, 1.5, rare)
    assert tuned_settings([entry, other], None, IMAGE) == SearchSettings(3, 1.5, rare)
    assert settings.replaced(9, None) == SearchSettings(9, 1.5, RareSettings(0.2, 9, 3.0))
    assert settings.replaced(None, None) == settings


@given(
    k=st.integers(1, 200),
    rerank=st.floats(1, 50),
    n_lists=st.integers(1, 4096),
    n_vectors=st.integers(4096, 10**7),
)
def test_lists_hold_more_vectors_than_are_reranked(
    k: int, rerank: float, n_lists: int, n_vectors: int
) -> None:
    depth = depth_of(k, rerank)
    assert depth > max(k, MIN_DEPTH_K)
    assert least_probe(depth, n_lists, n_vectors) * n_vectors / n_lists >= 2 * depth * (1 - 1e-12)
