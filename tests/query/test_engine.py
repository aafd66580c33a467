"""Queries in all four directions, compared with brute force."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import (
    InvalidTargetIdError,
    MissingModalityError,
    QueryError,
)
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.core.target_id import TargetId
from galsearch.index import IndexRecipe, build_index
from galsearch.query import Neighbours, SearchEngine, open_index
from tests.query.queried_sky import N_SPECTRA, N
from tests.reference.brute_force import brute_force


def stored(sky: Any, kind: Modality) -> tuple[np.ndarray, np.ndarray]:
    n = N if kind is Modality.IMAGE else N_SPECTRA
    return getattr(sky, kind)[:n], sky.ids[:n]


def same(one: Neighbours, other: Neighbours) -> bool:
    arrays = ("target_ids", "similarity", "ra_deg", "dec_deg", "z")
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "z")
        for name in arrays
    )


@given(
    row=st.integers(0, N_SPECTRA - 1),
    direction=st.sampled_from(DIRECTIONS),
    k=st.integers(1, 40) | st.just(N) | st.just(10**9),
    exact=st.booleans(),
)
def test_neighbours_are_complete_sorted_and_have_true_cosines(
    sky: Any, engine: SearchEngine, row: int, direction: Any, k: int, exact: bool
) -> None:
    using, among = direction
    found = engine.query(int(sky.ids[row]), using=using, among=among, k=k, exact=exact)
    vectors, ids = stored(sky, among)
    # Neighbours itself checks the order, and that no id occurs twice or is the query galaxy's.
    assert len(found) == min(k, len(ids) - 1)
    rows = np.searchsorted(ids, found.target_ids)
    np.testing.assert_array_equal(ids[rows], found.target_ids)
    cosines = vectors[rows].astype(float) @ getattr(sky, using)[row].astype(float)
    np.testing.assert_allclose(found.similarity, cosines, atol=1e-6)
    np.testing.assert_array_equal(found.ra_deg, rows % 360.0)
    np.testing.assert_array_equal(np.isnan(found.z), rows % 5 == 0)
    if found.exact:
        expected = brute_force(
            vectors, ids, getattr(sky, using)[row], k=k, exclude=int(sky.ids[row])
        )
        np.testing.assert_allclose(found.similarity, expected[1], atol=1e-6)


def test_inverted_lists_reach_the_recall_target(sky: Any, engine: SearchEngine) -> None:
    for using, among in DIRECTIONS:
        results = engine.query_many(sky.ids[:300], using=using, among=among)
        truth = engine.query_many(sky.ids[:300], using=using, among=among, exact=True)
        assert not any(found.exact for found in results)
        assert all(found.exact for found in truth)
        shares = [
            np.mean(found.similarity >= exact.similarity[-1])
            for found, exact in zip(results, truth, strict=True)
        ]
        assert np.mean(shares) > 0.9


def test_galaxies_of_equal_similarity_are_in_order_of_targetid(
    sky: Any, engine: SearchEngine
) -> None:
    found = engine.query(int(sky.ids[55]), using="image", among="image", k=9)
    assert found.target_ids.tolist() == [int(i) for i in sky.ids[50:60] if i != sky.ids[55]]
    np.testing.assert_array_equal(found.similarity, np.ones(9, np.float32))


def test_the_query_galaxy_is_left_out_of_cross_modal_neighbours(
    sky: Any, engine: SearchEngine
) -> None:
    own = int(sky.ids[7])
    found = engine.query(own, using="image", among="spectrum", k=N)
    assert own not in found.target_ids
    assert len(found) == N_SPECTRA - 1
    assert found.query_target_id == TargetId(own)


def test_a_query_galaxy_without_the_searched_modality_finds_all_galaxies_that_have_it(
    sky: Any, engine: SearchEngine
) -> None:
    found = engine.query(int(sky.ids[-1]), using="image", among="spectrum", k=N)
    assert len(found) == N_SPECTRA


def test_a_batch_has_the_neighbours_of_single_queries(sky: Any, engine: SearchEngine) -> None:
    ids = [int(i) for i in sky.ids[:40]]
    batch = engine.query_many(ids, using="spectrum", among="image", k=7)
    assert len(batch) == 40
    for target_id, found in zip(ids, batch, strict=True):
        assert same(found, engine.query(str(target_id), using="spectrum", among="image", k=7))
    assert len(engine.query_many([])) == 0


def test_eight_threads_find_the_neighbours_that_one_thread_finds(sky: Any, home: Path) -> None:
    fresh = open_index(home / "index_builds" / "toy")
    queries = [(int(i), *DIRECTIONS[row % 4], 1 + row % 3) for row, i in enumerate(sky.ids[:160])]
    results: list[Neighbours | None] = [None] * len(queries)
    barrier = threading.Barrier(8)

    def search(first: int) -> None:
        barrier.wait()
        for number in range(first, len(queries), 8):
            target_id, using, among, n_probe = queries[number]
            results[number] = fresh.query(target_id, using=using, among=among, n_probe=n_probe)

    threads = [threading.Thread(target=search, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    serial = open_index(home / "index_builds" / "toy")
    for found, (target_id, using, among, n_probe) in zip(results, queries, strict=True):
        assert found is not None
        assert same(found, serial.query(target_id, using=using, among=among, n_probe=n_probe))


def test_the_vector_of_a_galaxy_has_the_neighbours_of_the_galaxy(
    sky: Any, engine: SearchEngine
) -> None:
    found = engine.query_vector(
        3 * sky.image[11], fingerprint="a" * 64, using="image", among="spectrum", k=5, exact=True
    )
    vectors, ids = stored(sky, Modality.SPECTRUM)
    assert found.target_ids.tolist() == brute_force(vectors, ids, sky.image[11], k=5)[0].tolist()
    assert found.query_target_id is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k is 0; expected a whole number, 1 or more."),
        ({"k": 2.5}, "k is 2.5; expected a whole number, 1 or more."),
        ({"k": True}, "k is True; expected a whole number, 1 or more."),
        ({"n_probe": 0}, "n_probe is 0; expected a whole number, 1 or more."),
        ({"using": "picture"}, "using is 'picture'; expected 'image', 'spectrum' or 'both'."),
        ({"among": ""}, "among is ''; expected 'image', 'spectrum' or 'both'."),
    ],
)
def test_a_malformed_query_is_refused(
    sky: Any, engine: SearchEngine, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(QueryError) as caught:
        engine.query(int(sky.ids[0]), **arguments)
    assert str(caught.value) == message


def test_an_index_of_spectra_alone_has_no_images_to_search(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(30)
    embeddings = sky.write(tmp_path / "sky", image=slice(0, 0))
    build_index(IndexRecipe(name="spectra"), embeddings=embeddings, out=tmp_path / "build")
    engine = open_index(tmp_path / "build")
    with pytest.raises(MissingModalityError) as caught:
        engine.query(int(sky.ids[0]), using="spectrum", among="image")
    assert str(caught.value) == (
        "index 'spectra' has no image vectors; it was built of spectrum vectors alone."
    )
    assert len(engine.query(int(sky.ids[0]), using="spectrum", among="spectrum", k=99)) == 29


def test_the_only_index_of_the_working_directory_is_opened_by_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    assert open_index().manifest.recipe.name == "toy"


def test_a_cold_query_loads_numpy_and_faiss_and_nothing_heavier(home: Path, sky: Any) -> None:
    script = (
        "import sys\n"
        "from galsearch.query import open_index\n"
        f"open_index({str(home / 'index_builds' / 'toy')!r}).query({int(sky.ids[0])})\n"
        "heavy = {'torch', 'polars', 'pandas', 'pyarrow', 'astropy', 'scipy', 'faiss', 'numpy'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["faiss", "numpy"]


@pytest.mark.parametrize("target_id", [[5, 6], np.array([5, 6]), [], b"5", 5.0])
def test_one_query_takes_one_targetid(engine: SearchEngine, target_id: Any) -> None:
    with pytest.raises(InvalidTargetIdError):
        engine.query(target_id)
