"""The galaxies of a result: threshold, pages, groups, pieces and diversity."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.index.search.search_result import SearchResult
from galsearch.query import SearchEngine
from galsearch.query import engine as engine_module
from tests.query.queried_sky import N


def everything(engine: SearchEngine, target_id: int) -> Any:
    return engine.query(target_id, k=N, exact=True)


def test_a_threshold_finds_all_galaxies_above_it(sky: Any, engine: SearchEngine) -> None:
    query_id = int(sky.ids[5])
    reference = everything(engine, query_id)
    for least in (0.95, 0.5, 0.0, -1.0):
        found = engine.query(query_id, min_similarity=least, exact=True)
        expected = reference.target_ids[reference.similarity >= np.float32(least)]
        assert found.target_ids.tolist() == expected.tolist()
    limited = engine.query(query_id, min_similarity=-1, k=7, exact=True)
    assert limited.target_ids.tolist() == reference.target_ids[:7].tolist()
    assert len(engine.query(query_id, min_similarity=1)) == 0


def test_pages_join_to_the_whole_list(sky: Any, engine: SearchEngine) -> None:
    query_id = int(sky.ids[5])
    reference = everything(engine, query_id)
    pages = [engine.query(query_id, k=150, offset=150 * i, exact=True) for i in range(9)]
    joined = np.concatenate([page.target_ids for page in pages])
    assert joined.tolist() == reference.target_ids.tolist()
    assert len(pages[-1]) == 0


@settings(max_examples=20)
@given(
    row=st.sampled_from([0, 5, 55, 700]),
    k=st.integers(1, 30),
    n_pages=st.integers(2, 3),
    diversity=st.sampled_from([None, 0.0, 0.3, 1.0]),
    least=st.sampled_from([None, -1.0, 0.2]),
    exclude_within=st.sampled_from([None, None, None, 2.0]),
    one_per=st.sampled_from([None, "ra_deg"]),
    like=st.booleans(),
)
def test_pages_of_any_choice_are_one_long_result(
    sky: Any,
    engine: SearchEngine,
    row: int,
    k: int,
    n_pages: int,
    like: bool,
    least: float | None,
    **options: Any,
) -> None:
    words: dict[str, Any] = {**options, "min_similarity": least, "exact": True}
    words |= {"like": sky.ids[[row, 3]]} if like else {"target_id": int(sky.ids[row])}
    pages = [engine.query(k=k, offset=k * page, **words) for page in range(n_pages)]
    whole = engine.query(k=k * n_pages, **words)
    found = np.concatenate([page.target_ids for page in pages])
    if words["diversity"] is None:
        assert found.tolist() == whole.target_ids.tolist()
    assert sorted(found.tolist()) == sorted(whole.target_ids.tolist())
    for page in (*pages, whole):
        assert page.target_ids.tolist() == [
            each for _, each in sorted(zip(-page.similarity, page.target_ids, strict=True))
        ]


@pytest.mark.parametrize("words", [{}, {"diversity": 0.4}, {"one_per": "ra_deg"}])
def test_pages_share_no_galaxy_where_a_longer_search_finds_missed_ones(
    sky: Any, engine: SearchEngine, monkeypatch: pytest.MonkeyPatch, words: dict[str, Any]
) -> None:
    search = engine_module.search_modalities

    def missing_some(*arguments: Any, k: int, **others: Any) -> Any:
        found = search(*arguments, k=N, **others)
        kept = np.flatnonzero(np.random.default_rng(k).random(found.counts[0]) > 0.1)[:k]
        ids, similarity = found.target_ids[:, kept], found.similarity[:, kept]
        return SearchResult(found.rows[:, kept], ids, similarity, found.exact)

    monkeypatch.setattr(engine_module, "search_modalities", missing_some)
    pages = [engine.query(int(sky.ids[5]), k=9, offset=9 * i, **words) for i in range(12)]
    found = np.concatenate([page.target_ids for page in pages])
    assert len(np.unique(found)) == len(found) == 12 * 9
    if words:
        whole = engine.query(int(sky.ids[5]), k=12 * 9, **words)
        assert sorted(found.tolist()) == sorted(whole.target_ids.tolist())


def test_a_diverse_result_that_is_too_long_is_refused(engine: SearchEngine) -> None:
    with pytest.raises(QueryError) as caught:
        engine.query(1, k=900, offset=200, diversity=0.5)
    assert str(caught.value) == (
        "k is 900 and offset is 200; expected k + offset of at most 1,000 beside diversity."
    )
    with pytest.raises(QueryError) as caught:
        engine.query(1, min_similarity=0.5, diversity=0.5)
    assert str(caught.value) == (
        "diversity is given without k; expected the number of galaxies to choose from those of "
        "min_similarity."
    )


def test_one_galaxy_of_each_group_is_found(sky: Any, engine: SearchEngine) -> None:
    query_id = int(sky.ids[5])
    reference = everything(engine, query_id)
    found = engine.query(query_id, k=N, one_per="ra_deg", exact=True)
    assert len(found) == 360
    firsts = np.sort(np.unique(reference.ra_deg, return_index=True)[1])
    assert found.target_ids.tolist() == reference.target_ids[firsts].tolist()
    unknown_z = engine.query(query_id, k=N, one_per="z", exact=True)
    assert len(unknown_z) == N - 1


def test_pieces_of_a_galaxy_are_left_out(sky: Any, engine: SearchEngine) -> None:
    # Galaxies lie one degree apart; rows that differ by 360 are at the same position.
    query_id = int(sky.ids[5])
    found = engine.query(query_id, k=N, exclude_within=2, exact=True)
    assert 5.0 not in found.ra_deg
    assert len(found) == 359
    assert engine.query(query_id, k=N, exclude_within=0, exact=True).ra_deg.size == 359
    with pytest.raises(QueryError) as caught:
        engine.query(query_id, exclude_within=4000)
    assert str(caught.value) == "exclude_within is 4000; expected a number of 0 to 3600 arcsec."


def test_a_diverse_result_is_less_alike_and_in_the_order_of_similarity(
    sky: Any, engine: SearchEngine
) -> None:
    query_id = int(sky.ids[5])

    def likeness(**words: Any) -> float:
        found = engine.query(query_id, k=20, exact=True, **words)
        assert len(found) == 20
        vectors = sky.image[np.searchsorted(sky.ids, found.target_ids)]
        return float((vectors @ vectors.T).mean())

    assert likeness(diversity=0) == likeness()
    assert likeness(diversity=0.7) < likeness(diversity=0.3) < likeness()
    both = engine.query(query_id, using="both", among="both", diversity=0.5, k=5)
    assert len(both) == 5


def test_a_batch_is_chosen_as_single_queries_are(sky: Any, engine: SearchEngine) -> None:
    words: dict[str, Any] = {"k": 3, "one_per": "ra_deg", "min_similarity": 0.3}
    batch = engine.query_many(sky.ids[:20], **words)
    for target_id, found in zip(sky.ids[:20], batch, strict=True):
        one = engine.query(int(target_id), **words)
        assert found.target_ids.tolist() == one.target_ids.tolist()
        np.testing.assert_array_equal(found.ra_deg, one.ra_deg)
