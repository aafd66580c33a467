"""Compacting an index."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.index import add, build_index, compact, remove, verify
from galsearch.query import open_index
from tests.index.changing_index import (
    N_FIRST,
    RECIPE,
    check_results,
    part,
)


def test_a_compacted_index_has_one_segment_and_the_same_neighbours(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    add(survey_parts / "second", index=changing_index)
    remove(shuffled_sky.ids[100:200], index=changing_index)
    before = open_index(changing_index)
    query_ids = [*shuffled_sky.ids[:100], *shuffled_sky.ids[N_FIRST : N_FIRST + 50]]
    settings_before = {"k": 8, "n_probe": 4}
    results = before.query_many(query_ids, **settings_before)
    manifest = compact(changing_index)
    assert len(manifest.segments) == 1
    assert manifest.n_changed == 0
    assert manifest == verify(changing_index)
    tuned = [(entry.n_probe, entry.rerank) for entry in manifest.directions]
    assert len(tuned) == 4
    after = open_index(changing_index)
    for one, other in zip(results, after.query_many(query_ids, **settings_before), strict=True):
        np.testing.assert_array_equal(one.target_ids[:3], other.target_ids[:3])
    # Results hold the files of their index too, because their tables read its catalogue.
    del before, results, one
    remove(shuffled_sky.ids[:1], index=changing_index)
    assert sorted(path.name for path in changing_index.iterdir()) == [
        "generation-000004",
        "generation-000005",
        "growing.lock",
        "manifest.json",
    ]


def test_a_small_build_grows_into_lists(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    sky = make_sky(700)
    part(sky, 0, 100).write(tmp_path / "first")
    part(sky, 100, 700).write(tmp_path / "rest")
    build_index(RECIPE, embeddings=tmp_path / "first", out=tmp_path / "toy")
    add(tmp_path / "rest", index=tmp_path / "toy")
    check_results(sky, tmp_path / "toy")
    manifest = compact(tmp_path / "toy")
    assert {entry.plan.kind for entry in manifest.modalities.values()} == {"ivfpq"}
    check_results(sky, tmp_path / "toy")
