"""The galaxies of a result: threshold, pages, groups, pieces and diversity."""

from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import QueryError
from galsearch.query import SearchEngine
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
