"""Filtered queries: every neighbour fulfils the filter, and none that is nearer is missed."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.core.modality import DIRECTIONS
from galsearch.index import IndexRecipe, build_index
from galsearch.index.search import modality_index
from galsearch.query import SearchEngine, open_index
from tests.reference.brute_force import brute_force

N, N_SPECTRA = 3000, 2900


@pytest.fixture(scope="module")
def sky(make_sky: Callable[..., Any]) -> Any:
    return make_sky(N)


@pytest.fixture(scope="module")
def engine(sky: Any, tmp_path_factory: pytest.TempPathFactory) -> SearchEngine:
    home = tmp_path_factory.mktemp("filters")
    embeddings = sky.write(home / "sky", spectrum=slice(0, N_SPECTRA))
    build_index(
        IndexRecipe(name="toy", n_tuning_queries=50, n_bits=4, n_lists=32, n_subvectors=8),
        embeddings=embeddings,
        out=home / "toy",
    )
    return open_index(home / "toy")


def allowed_rows(sky: Any, low: float, high: float) -> np.ndarray:
    z = np.linspace(0, 1, N)
    return np.flatnonzero((z > low) & (z < high) & (np.arange(N) % 5 != 0))


@settings(max_examples=40)
@given(
    row=st.integers(0, N_SPECTRA - 1),
    direction=st.sampled_from(DIRECTIONS),
    low=st.floats(0, 1),
    width=st.sampled_from([0.0, 1e-3, 0.01, 0.1, 1.0]),
    k=st.integers(1, 60) | st.just(10**6),
    method=st.sampled_from(["cheapest", "temporary index", "lists"]),
)
def test_neighbours_are_complete_fulfil_the_filter_and_leave_out_the_query_galaxy(
    sky: Any,
    engine: SearchEngine,
    row: int,
    direction: Any,
    low: float,
    width: float,
    k: int,
    method: str,
) -> None:
    using, among = direction
    where = f"{low!r} < z < {low + width!r}"
    with pytest.MonkeyPatch.context() as patch:
        if method != "cheapest":
            cost = {"temporary index": 0.0, "lists": np.inf}[method]
            patch.setattr(modality_index, "temporary_index_cost", lambda *_: cost)
            patch.setattr(modality_index, "exact_cost", lambda *_: np.inf)
            patch.setattr(modality_index, "EXACT_UP_TO", 0)
        found = engine.query(int(sky.ids[row]), using=using, among=among, k=k, where=where)
    rows = allowed_rows(sky, low, low + width)
    rows = rows[rows < (N if among == "image" else N_SPECTRA)]
    assert set(found.target_ids) <= set(sky.ids[rows])
    truth, cosines = brute_force(
        getattr(sky, among)[rows],
        sky.ids[rows],
        getattr(sky, using)[row],
        k=k,
        exclude=int(sky.ids[row]),
    )
    assert len(found) == len(truth)
    if found.exact:
        np.testing.assert_allclose(found.similarity, cosines, atol=1e-6)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.2])
@pytest.mark.parametrize("cost", [0.0, np.inf])
def test_recall_holds_where_the_filter_selects_galaxies_unlike_the_query(
    sky: Any, engine: SearchEngine, share: float, cost: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At infinite cost of a temporary index the lists of the index are probed."""
    monkeypatch.setattr(modality_index, "temporary_index_cost", lambda *_: cost)
    monkeypatch.setattr(modality_index, "exact_cost", lambda *_: np.inf)
    monkeypatch.setattr(modality_index, "EXACT_UP_TO", 0)
    monkeypatch.setattr(modality_index, "EXACT_FROM_SHARE", np.inf)
    for using, among in DIRECTIONS:
        # The galaxies least similar to the query galaxies: their lists are the farthest.
        centre = getattr(sky, using)[:40].mean(axis=0)
        far = np.argsort(getattr(sky, among)[:N_SPECTRA] @ centre)[: int(share * N_SPECTRA)]
        row_filter = engine.index.row_filter(np.sort(sky.ids[far]), among)
        excluded = engine.index.stored(among).rows_of(sky.ids[:40])
        how = {"among": among, "k": 10, "exclude_rows": excluded, "row_filter": row_filter}
        queries = getattr(sky, using)[:40]
        found = engine.index.search(queries, using=using, **how)
        truth = engine.index.search(queries, exact=True, **how)
        share = np.mean(found.similarity >= truth.similarity[:, -1:])
        assert not found.exact.any()
        assert share > 0.9, share


def test_a_batch_has_the_neighbours_of_single_queries(sky: Any, engine: SearchEngine) -> None:
    filtered = {"using": "image", "among": "spectrum", "where": "z < 0.4"}
    batch = engine.query_many(sky.ids[:20], **filtered)
    for target_id, found in zip(sky.ids[:20], batch, strict=True):
        alone = engine.query(int(target_id), **filtered)
        np.testing.assert_array_equal(found.target_ids, alone.target_ids)
        np.testing.assert_array_equal(found.similarity, alone.similarity)


def test_neighbours_fulfil_both_a_cone_and_a_condition(sky: Any, engine: SearchEngine) -> None:
    # RA is the row modulo 360, Dec 0.
    found = engine.query(int(sky.ids[7]), k=10**6, within=(10.0, 0.0, 61.0), where="z is not None")
    rows = np.searchsorted(sky.ids, found.target_ids)
    expected = [row for row in range(N) if row % 360 in (9, 10, 11) and row % 5]
    assert sorted(rows.tolist()) == expected


def test_a_query_vector_may_have_a_filter(sky: Any, engine: SearchEngine) -> None:
    found = engine.query_vector(
        sky.image[3], fingerprint="a" * 64, using="image", among="image", where="ra_deg == 3"
    )
    assert set(found.ra_deg) == {3.0}
    assert len(found) == 9


def test_a_filter_without_matches_has_no_neighbours(sky: Any, engine: SearchEngine) -> None:
    assert len(engine.query(int(sky.ids[0]), where="z > 5")) == 0
    assert len(engine.query(int(sky.ids[0]), where=f"target_id == {sky.ids[0]}")) == 0


def test_the_engine_caches_the_most_recent_filters(sky: Any, engine: SearchEngine) -> None:
    fresh = SearchEngine(engine.index)
    for number in range(40):
        fresh.query(int(sky.ids[0]), where=f"z < {number}")
        fresh.query(int(sky.ids[0]), where="z < 0.5")
    assert len(fresh._filters) == 16
    assert ("z < 0.5", None) in fresh._filters


def test_an_unknown_column_is_refused_with_the_most_similar_name(
    sky: Any, engine: SearchEngine
) -> None:
    with pytest.raises(QueryError) as caught:
        engine.query(int(sky.ids[0]), where="ra < 3")
    assert str(caught.value) == (
        "where 'ra < 3': the catalogue has no column 'ra': did you mean 'ra_deg'?"
    )


def test_the_command_line_has_the_same_filters(sky: Any, engine: SearchEngine) -> None:
    command = [
        *(sys.executable, "-m", "galsearch", "query", "--target-id", str(sky.ids[7])),
        *("--index", str(engine.index.directory), "--format", "csv", "-k", "3"),
        *("--where", "z > 0.5", "--within", "20", "-0.5", "90"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = engine.query(int(sky.ids[7]), k=3, where="z > 0.5", within=(20, -0.5, 90))
    printed = [line.split(",")[2] for line in done.stdout.splitlines()[1:]]
    assert printed == [str(target_id) for target_id in found]
    assert len(printed) == 3


def test_only_galaxies_of_a_list_are_found(sky: Any, engine: Any) -> None:
    listed = [*(int(i) for i in sky.ids[100:700:2]), 5]
    query_id = int(sky.ids[0])
    found = engine.query(query_id, k=1000, ids=listed)
    assert sorted(found.target_ids.tolist()) == sorted(set(listed) - {5, query_id})
    assert len(engine.query(query_id, ids=[])) == 0
    assert engine.query(query_id, ids=str(listed[3])).target_ids.tolist() == [listed[3]]
    north = engine.query(query_id, k=1000, where="dec_deg > 0", ids=listed)
    everything = engine.query(query_id, k=2000, where="dec_deg > 0")
    both = set(everything.target_ids.tolist()) & set(listed)
    assert set(north.target_ids.tolist()) == both
    many = engine.query_many(sky.ids[:3], k=5, ids=listed)
    assert set(many.target_ids.ravel().tolist()) <= set(listed)
