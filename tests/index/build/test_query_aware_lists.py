"""Lists for queries that contain only part of the information that orders searched vectors."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.index import (
    IndexRecipe,
    add,
    build_index,
    compact,
    merge,
    open_build,
    remove,
    verify,
)
from galsearch.index.build import query_aware_lists
from galsearch.index.build.query_aware_lists import directions_to_try, scaled_axes
from galsearch.index.ivf import gpu_lists
from galsearch.index.ivf.faiss_api import faiss
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.train_lists import train_rotated_lists
from galsearch.index.plan.choose_plan import plan_index
from galsearch.index.search import device
from galsearch.index.search.search_result import SearchResult
from galsearch.index.storage.manifest import QUERY_AWARE_LISTS_NAME
from galsearch.index.vectors.pca import PrincipalAxes

N, DIM, KNOWN, HIDDEN = 5000, 64, 3, 2
RECIPE = IndexRecipe(name="toy", n_lists=256, n_tuning_queries=300)


@pytest.fixture(scope="module", autouse=True)
def _small() -> Iterator[None]:
    """What is tried among millions is tried among thousands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(query_aware_lists, "MIN_N_PROBE", 8)
        patch.setattr(query_aware_lists, "MIN_PROBE_RATIO", 1)
        yield


@pytest.fixture(scope="module")
def home(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images know three of the five directions in which spectra differ, and those roughly."""
    home = tmp_path_factory.mktemp("cross")
    sky, generator = make_sky(N), np.random.default_rng(5)
    shared = generator.normal(size=(N, KNOWN))
    spectrum = np.zeros((N, DIM))
    spectrum[:, :KNOWN], spectrum[:, KNOWN] = shared, 3.0
    spectrum[:, KNOWN + 1 :][:, :HIDDEN] = 3 * generator.normal(size=(N, HIDDEN))
    image = np.zeros((N, DIM))
    image[:, :KNOWN] = shared + 0.1 * generator.normal(size=shared.shape)
    image[:, -1] = 1.0
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (image, spectrum)]
    sky = type(sky)(sky.ids, *(v.astype(np.float32) for v in unit))
    sky.write(home / "all")
    fifth = np.arange(N) % 5 == 0
    for name, rows in (("first", ~fifth), ("second", fifth)):
        type(sky)(sky.ids[rows], sky.image[rows], sky.spectrum[rows]).write(home / name)
    build_index(RECIPE, embeddings=home / "all", out=home / "build")
    return home


def recall(index: Any, using: Modality, among: Modality, **how: Any) -> float:
    queries = index.stored(using).take(np.arange(0, len(index.stored(using)), 25))
    found = index.search(queries, using=using, among=among, k=10, **how)
    truth = index.search(queries, using=using, among=among, k=10, exact=True, **how)
    return share_found(found, truth)


def share_found(found: SearchResult, truth: SearchResult) -> float:
    """Mean share of the found neighbours that are true ones."""
    pairs = zip(found.target_ids, truth.target_ids, strict=True)
    return float(np.mean([np.isin(rows, true).mean() for rows, true in pairs]))


def test_a_direction_that_needs_many_probes_has_query_aware_lists(home: Path) -> None:
    manifest = verify(home / "build")
    query_aware = manifest.modalities[Modality.SPECTRUM].query_aware
    assert query_aware is not None
    assert (query_aware.plan.metric, query_aware.plan.n_lists) == ("ip", 128)
    assert manifest.modalities[Modality.IMAGE].query_aware is None
    assert (home / "build" / "spectrum" / QUERY_AWARE_LISTS_NAME).is_file()
    assert "for queries of the other modality: 128 lists" in manifest.summary()
    for direction in manifest.directions:
        assert direction.missed_by == 0


def test_query_aware_lists_need_fewer_probes(home: Path) -> None:
    index = open_build(home / "build")
    with_cross = index.modality(Modality.SPECTRUM)
    without = dataclasses.replace(with_cross, query_aware_lists=None)
    settings = index.settings(Modality.IMAGE, Modality.SPECTRUM)
    queries = index.stored(Modality.IMAGE).take(np.arange(0, N, 25))
    truth = index.search(queries, among=Modality.SPECTRUM, k=10, exact=True)
    found = [
        share_found(opened.search(queries, k=10, settings=settings, cross_modal=True), truth)
        for opened in (with_cross, without)
    ]
    assert found[0] >= RECIPE.recall_target > found[1] + 0.1


def test_other_directions_do_not_notice(home: Path) -> None:
    index = open_build(home / "build")
    queries = index.stored(Modality.SPECTRUM).take(np.arange(0, N, 100))
    settings = index.settings(Modality.SPECTRUM, Modality.SPECTRUM)
    wanted = index.search(queries, using=Modality.SPECTRUM, among=Modality.SPECTRUM, k=5)
    bare = dataclasses.replace(index.modality(Modality.SPECTRUM), query_aware_lists=None)
    same = bare.search(queries, k=5, settings=settings)
    assert wanted.target_ids.tolist() == same.target_ids.tolist()


@pytest.mark.parametrize("share", [0.5, 0.25])
def test_filters_hold_among_cross_lists(home: Path, share: float) -> None:
    index = open_build(home / "build")
    ids = index.stored(Modality.SPECTRUM).ids
    allowed = np.sort(np.random.default_rng(2).permutation(ids)[: int(share * N)])
    row_filter = index.row_filter(allowed, Modality.SPECTRUM)
    queries = index.stored(Modality.IMAGE).take(np.arange(0, N, 50))
    wanted = {"using": Modality.IMAGE, "among": Modality.SPECTRUM, "row_filter": row_filter}
    found = index.search(queries, k=10, **wanted)
    assert (found.counts == 10).all()
    assert np.isin(found.target_ids, allowed).all()
    assert recall(index, Modality.IMAGE, Modality.SPECTRUM, row_filter=row_filter) > 0.9


def test_they_grow_shrink_and_are_compacted_with_the_build(home: Path, tmp_path: Path) -> None:
    build = tmp_path / "growing"
    build_index(RECIPE, embeddings=home / "first", out=build)
    assert verify(build).modalities[Modality.SPECTRUM].query_aware is not None
    add(home / "second", index=build)
    gone = open_build(build).ids[:500]
    remove(gone, index=build)
    for change in (lambda: None, lambda: compact(build)):
        change()
        verify(build)
        index = open_build(build)
        query_aware = index.modality(Modality.SPECTRUM).query_aware_lists
        assert query_aware is not None
        assert query_aware.n_vectors == len(index.stored(Modality.SPECTRUM)) == N - 500
        for using, among in DIRECTIONS:
            assert recall(index, using, among) > 0.9
        queries = index.stored(Modality.IMAGE).take(np.arange(0, N - 500, 9))
        found = index.search(queries, using=Modality.IMAGE, among=Modality.SPECTRUM, k=10)
        assert not np.isin(found.target_ids, gone).any()


def test_merged_parts_have_those_of_a_build_made_at_once(home: Path, tmp_path: Path) -> None:
    parts = [tmp_path / "first", tmp_path / "second"]
    build_index(RECIPE, embeddings=home / "first", out=parts[0])
    build_index(RECIPE, embeddings=home / "second", out=parts[1], quantisers=parts[0])
    at_once = tmp_path / "at-once"
    build_index(RECIPE, embeddings=home / "all", out=at_once, quantisers=parts[0])
    merge(parts[::-1], out=tmp_path / "merged")
    names = [f"spectrum/{QUERY_AWARE_LISTS_NAME}", "spectrum/lists.faiss"]
    merged, whole = verify(tmp_path / "merged"), verify(at_once)
    for name in names:
        assert merged.files[name].sha256 == whole.files[name].sha256
    assert merged.directions == whole.directions


def test_they_are_left_out_where_memory_is_short(home: Path, tmp_path: Path) -> None:
    own = verify(home / "build").modalities
    needed = sum(N * entry.index_bytes_per_vector for entry in own.values())
    recipe = dataclasses.replace(RECIPE, memory_budget=f"{0.9 * needed / 1000:.0f} kB")
    manifest = build_index(recipe, embeddings=home / "all", out=tmp_path / "small")
    assert manifest.modalities[Modality.SPECTRUM].query_aware is None
    assert not (tmp_path / "small" / "spectrum" / QUERY_AWARE_LISTS_NAME).exists()
    verify(tmp_path / "small")


def test_a_gpu_copies_them_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clones on the CPU in the GPUs' place: the right vectors go the right way, no more."""
    for module in (gpu_lists, device):
        monkeypatch.setattr(module, "n_gpus", lambda: 2)
    monkeypatch.setattr(gpu_lists, "copy_to_gpu", lambda index, *_: faiss.clone_index(index))
    index = open_build(home / "build", device="gpu")
    assert isinstance(index.modality(Modality.SPECTRUM).query_aware_on_gpu, gpu_lists.GpuLists)
    assert recall(index, Modality.IMAGE, Modality.SPECTRUM) >= RECIPE.recall_target - 0.01


@given(seed=st.integers(0, 50), n=st.sampled_from([16, 32]))
def test_inner_products_survive_the_stretch(seed: int, n: int) -> None:
    generator = np.random.default_rng(seed)
    queries, vectors = generator.normal(size=(2, 300, 32)).astype(np.float32)
    queries[:, n:] = 0
    plan = dataclasses.replace(
        plan_index(IndexRecipe(), n_vectors=1000, dim=32),
        kind="ivfsq", n_components=n, n_subvectors=n, n_bits=8, n_lists=4, metric="ip",
    )  # fmt: skip
    lists: InvertedLists = train_rotated_lists(
        plan, scaled_axes(PrincipalAxes.fit(queries), n), vectors, seed=1
    )
    products = np.vecdot(lists.rotate_queries(queries), lists.rotate(vectors))
    assert np.allclose(products, np.vecdot(queries, vectors), atol=1e-3)


def test_tried_settings_follow_from_the_number_of_probes(home: Path) -> None:
    directions = verify(home / "build").directions
    probes = {Modality.IMAGE: 8, Modality.SPECTRUM: 8}
    same = [dataclasses.replace(d, n_probe=probes[d.using]) for d in directions]
    assert list(directions_to_try(same)) == []
    probes[Modality.IMAGE] = 9
    wide = [dataclasses.replace(d, n_probe=probes[d.using]) for d in directions]
    assert list(directions_to_try(wide)) == [(Modality.IMAGE, Modality.SPECTRUM)]
