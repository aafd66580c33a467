"""Filters are evaluated once, concurrently, and on the catalogue that was opened."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from galsearch.core.modality import Modality
from galsearch.index import IndexRecipe, build_index, open_build
from galsearch.query import SearchEngine, filters
from galsearch.query.filter_cache import MAX_CACHED, FilterCache


@pytest.fixture(scope="module")
def sky(make_sky: Callable[..., Any]) -> Any:
    return make_sky(200)


@pytest.fixture
def build(sky: Any, tmp_path: Path) -> Path:
    build_index(IndexRecipe(name="toy"), embeddings=sky.write(tmp_path / "sky"), out=tmp_path / "b")
    return tmp_path / "b"


def test_the_catalogue_is_read_once_for_both_modalities(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    evaluate = filters.matching

    def counted(*args: Any, **how: Any) -> Any:
        calls.append(how)
        return evaluate(*args, **how)

    monkeypatch.setattr(filters, "matching", counted)
    cache = FilterCache(open_build(build))
    found = [cache.row_filter("z < 0.5", None, kind) for kind in (*Modality, *Modality)]
    assert calls == [{"where": "z < 0.5", "within": None}]
    assert found[0] is found[2]
    assert found[1] is found[3]


def test_the_least_recently_used_filter_is_dropped(build: Path) -> None:
    cache = FilterCache(open_build(build))
    for number in range(40):
        cache.row_filter(f"z < {number}", None, Modality.IMAGE)
        cache.row_filter("z < 0.5", None, Modality.IMAGE)
    assert len(cache) == MAX_CACHED
    assert ("z < 0.5", None) in cache
    assert ("z < 0", None) not in cache


def test_a_filter_reads_the_catalogue_that_was_opened(sky: Any, build: Path) -> None:
    engine = SearchEngine(open_build(build))
    (segment,) = engine.index.catalogue_segments
    path = segment.parquet
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 3), path.with_name("other.parquet"))
    os.replace(path.with_name("other.parquet"), path)
    found = engine.query(int(sky.ids[0]), k=500, where="ra_deg < 100")
    np.testing.assert_array_equal(np.sort(found.target_ids), sky.ids[1:100])


def test_two_threads_filter_at_the_same_time(
    sky: Any, build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SearchEngine(open_build(build))
    both_inside = threading.Barrier(2, timeout=30)
    evaluate = filters.matching

    def waiting(*args: Any, **how: Any) -> Any:
        both_inside.wait()
        return evaluate(*args, **how)

    monkeypatch.setattr(filters, "matching", waiting)
    found: dict[str, np.ndarray] = {}

    def search(where: str) -> None:
        found[where] = np.sort(engine.query(int(sky.ids[-1]), k=500, where=where).target_ids)

    threads = [threading.Thread(target=search, args=(f"ra_deg < {n}",)) for n in (20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(found["ra_deg < 20"], sky.ids[:20])
    np.testing.assert_array_equal(found["ra_deg < 30"], sky.ids[:30])
