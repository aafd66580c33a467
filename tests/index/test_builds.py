"""From embeddings to an index directory: what is made, what is promised, what is refused."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.errors import (
    EncoderMismatchError,
    IndexExistsError,
    NoIndexError,
    OutputExistsError,
    SeveralIndexesError,
    ShardError,
)
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.embeddings import open_store
from galsearch.index import (
    IndexRecipe,
    add,
    build_index,
    compact,
    find_build,
    open_build,
    remove,
    verify,
)
from galsearch.index.build import build_index as workshop
from galsearch.index.search.modality_index import least_probe
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.query import open_index

RECIPE = IndexRecipe(name="toy", n_tuning_queries=40, n_bits=4)
"""Few bits train fast; the engine's tests build with the default ones."""
N = 600


@pytest.fixture(scope="session")
def sky(make_sky: Callable[..., Any]) -> Any:
    return make_sky(N)


@pytest.fixture(scope="session")
def embeddings(sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All have images; all but the last 50 have spectra."""
    return sky.write(tmp_path_factory.mktemp("sky"), spectrum=slice(0, N - 50))


@pytest.fixture(scope="session")
def build(embeddings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("builds") / "toy"
    build_index(RECIPE, embeddings=embeddings, out=out)
    return out


def test_a_build_counts_what_it_holds_and_verifies(build: Path) -> None:
    manifest = verify(build)
    plans = {kind: entry.plan for kind, entry in manifest.modalities.items()}
    assert {kind: (plan.kind, plan.n_vectors) for kind, plan in plans.items()} == {
        Modality.IMAGE: ("ivfpq", N),
        Modality.SPECTRUM: ("ivfpq", N - 50),
    }
    assert manifest.n_galaxies == N
    assert manifest.fingerprint == "a" * 64
    assert {"galsearch", "numpy", "pyarrow"} < set(manifest.versions)
    assert sorted(manifest.files) == [
        "catalogue.npy",
        "catalogue.parquet",
        "ids.npy",
        "image/ids.npy",
        "image/lists.faiss",
        "image/vectors.npy",
        "spectrum/ids.npy",
        "spectrum/lists.faiss",
        "spectrum/vectors.npy",
    ]


def test_recall_is_measured_in_all_four_directions_and_reaches_the_target(build: Path) -> None:
    manifest = read_manifest(build)
    assert tuple((entry.using, entry.among) for entry in manifest.directions) == DIRECTIONS
    for entry in manifest.directions:
        assert entry.recall_at_10 >= RECIPE.recall_target - entry.missed_by
        assert entry.held_out
        assert entry.n_queries == RECIPE.n_tuning_queries
        assert min(entry.n_probe, entry.rerank) >= 1


def test_what_was_tuned_is_what_a_question_reads(build: Path) -> None:
    manifest = read_manifest(build)
    for entry in manifest.directions:
        plan = manifest.modalities[entry.among].plan
        least = least_probe(10 * entry.rerank + 1, plan.n_lists, plan.n_vectors)
        assert entry.n_probe >= min(least, plan.n_lists)


def test_a_manifest_survives_its_file(build: Path) -> None:
    manifest = read_manifest(build)
    assert manifest.recipe == RECIPE
    assert json.loads(json.dumps(manifest.as_table())) == manifest.as_table()


def test_the_summary_fits_a_terminal_and_states_recall_in_every_direction(build: Path) -> None:
    manifest = read_manifest(build)
    lines = manifest.summary().splitlines()
    assert str(manifest) == manifest.summary()
    assert lines[:2] == ["index 'toy': 600 galaxies", "  encoder   aaaaaaaaaaaaaaaa"]
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 100
    assert (
        "  image     600 vectors of 16 dimensions, stored as float32 (72 bytes per vector)" in lines
    )
    for entry in manifest.directions:
        row = next(line for line in lines if line.split()[:2] == [entry.using, entry.among])
        assert row.split()[2:5] == [
            f"{recall:.3f}"
            for recall in (entry.recall_at_1, entry.recall_at_10, entry.recall_at_100)
        ]
    assert "STALE" not in manifest.summary()
    assert "STALE: 12 galaxies" in dataclasses.replace(manifest, n_changed=12).summary()


def test_a_missed_target_is_said_with_the_amount(embeddings: Path, tmp_path: Path) -> None:
    recipe = dataclasses.replace(
        RECIPE, n_probe=1, rerank=1, n_subvectors=1, n_lists=8, recall_target=1.0
    )
    manifest = build_index(recipe, embeddings=embeddings, out=tmp_path / "poor")
    entry = manifest.direction(Modality.IMAGE, Modality.SPECTRUM)
    assert entry is not None
    assert entry.missed_by == pytest.approx(1 - entry.recall_at_10, abs=1e-6)
    assert entry.missed_by > 0.05
    assert f"  {entry.missed_by:.3f} below target" in manifest.summary()


def test_the_same_recipe_shards_and_seed_give_the_same_neighbours(
    build: Path, embeddings: Path, sky: Any, tmp_path: Path
) -> None:
    build_index(RECIPE, embeddings=embeddings, out=tmp_path / "again")
    one, other = open_build(build), open_build(tmp_path / "again")
    assert one.manifest.directions == other.manifest.directions
    digests = {name: digest.sha256 for name, digest in one.manifest.files.items()}
    assert digests == {name: d.sha256 for name, d in other.manifest.files.items()}


def test_a_small_set_is_flat_and_says_so(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky")
    manifest = build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "small")
    verify(tmp_path / "small")
    assert {entry.plan.kind for entry in manifest.modalities.values()} == {"flat"}
    for entry in manifest.directions:
        assert (entry.recall_at_1, entry.recall_at_10, entry.exact_share) == (1, 1, 1)
        assert not entry.held_out
    assert "flat: every query is compared with every vector" in manifest.summary()


def test_collapsed_vectors_are_indexed_and_ties_are_not_misses(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(600)
    sky.image[:] = sky.image[0]
    manifest = build_index(RECIPE, embeddings=sky.write(tmp_path / "sky"), out=tmp_path / "one")
    entry = manifest.direction(Modality.SPECTRUM, Modality.IMAGE)
    assert entry is not None
    assert entry.recall_at_10 == 1


def test_one_modality_alone_is_a_legal_build(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky", image=slice(0, 0))
    manifest = build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "spectra")
    assert list(manifest.modalities) == [Modality.SPECTRUM]
    assert [(entry.using, entry.among) for entry in manifest.directions] == [
        (Modality.SPECTRUM, Modality.SPECTRUM)
    ]


def test_two_encoders_are_refused_and_nothing_is_left(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky", fingerprints=("a" * 64, "b" * 64))
    (tmp_path / "builds").mkdir()
    with pytest.raises(EncoderMismatchError) as caught:
        build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "builds" / "mixed")
    assert str(caught.value) == (
        f"{embeddings}: image vectors of encoder aaaaaaaaaaaaaaaa and spectrum vectors of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between different encoders have no meaning; embed both "
        "with one encoder."
    )
    assert list((tmp_path / "builds").iterdir()) == []


def test_no_embeddings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShardError) as caught:
        build_index(IndexRecipe(), embeddings=tmp_path, out=tmp_path / "build")
    assert str(caught.value) == (
        f"{tmp_path}: no embeddings, neither of images nor of spectra. Make them with galsearch "
        "embed DATASET OUT."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_catalogue_that_lacks_a_galaxy_is_refused(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(40)
    sky.write(tmp_path / "sky")
    dataclasses.replace(sky, ids=sky.ids[:-1]).write(tmp_path / "fewer", spectrum=slice(0, 0))
    (tmp_path / "fewer" / "catalogue.parquet").replace(tmp_path / "sky" / "catalogue.parquet")
    with pytest.raises(ShardError) as caught:
        build_index(IndexRecipe(), embeddings=tmp_path / "sky", out=tmp_path / "build")
    assert str(caught.value) == (
        f"{tmp_path / 'sky' / 'catalogue.parquet'}: lacks 1 of 40 galaxies with image vectors, "
        f"first TARGETID {sky.ids[-1]}. Run galsearch embed again."
    )


def test_an_interrupted_build_leaves_nothing(
    embeddings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workshop, "write_manifest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build_index(RECIPE, embeddings=embeddings, out=tmp_path / "toy")
    assert list(tmp_path.iterdir()) == []


def test_a_build_is_replaced_only_when_asked_and_nothing_else_ever(
    make_sky: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky")
    out = tmp_path / "builds" / "small"
    build_index(IndexRecipe(), embeddings=embeddings, out=out)
    with pytest.raises(IndexExistsError) as caught:
        build_index(IndexRecipe(), embeddings=embeddings, out=out)
    assert str(caught.value) == (f"{out}: holds an index already; nothing was changed.")
    build_index(IndexRecipe(name="new"), embeddings=embeddings, out=out, overwrite=True)
    assert read_manifest(out).recipe.name == "new"
    with pytest.raises(OutputExistsError) as caught:
        build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "sky", overwrite=True)
    assert str(caught.value) == (
        f"{tmp_path / 'sky'}: exists and is not an index; nothing was changed."
    )
    monkeypatch.setattr(workshop, "write_manifest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_index(IndexRecipe(), embeddings=embeddings, out=out, overwrite=True)
    assert read_manifest(out).recipe.name == "new"
    assert [path.name for path in out.parent.iterdir()] == ["small"]


def test_the_only_build_is_found_and_several_are_listed(
    make_sky: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoIndexError) as caught:
        find_build()
    assert str(caught.value) == "there is no index under index_builds/."
    embeddings = make_sky(40).write(tmp_path / "sky")
    for name in ("one", "two"):
        build_index(IndexRecipe(), embeddings=embeddings, out=Path("index_builds") / name)
        if name == "one":
            assert verify().n_galaxies == 40
    with pytest.raises(SeveralIndexesError) as caught:
        open_build()
    assert str(caught.value) == (
        "2 indexes are under index_builds/: index_builds/one, index_builds/two."
    )


def test_stages_are_reported_until_they_are_done(embeddings: Path, tmp_path: Path) -> None:
    reports: dict[str, tuple[int, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        reports[stage] = (done, total)

    manifest = build_index(RECIPE, embeddings=embeddings, out=tmp_path / "toy", progress=progress)
    assert reports["fill image index"] == (N, N)
    assert reports["measure recall"] == (4, 4)
    assert all(done == total for done, total in reports.values())
    assert set(reports) <= {*manifest.seconds, "digests"}


def test_stored_vectors_are_those_that_were_embedded(build: Path, sky: Any) -> None:
    stored = open_build(build).stored(Modality.IMAGE)
    np.testing.assert_array_equal(stored.ids, sky.ids)
    np.testing.assert_allclose(stored.take(np.arange(N)), sky.image, atol=1e-7)


@pytest.mark.parametrize("family", ["ivfsq", "ivfpq", "fastscan"])
@pytest.mark.parametrize("store", ["float32", "float16", "int8"])
def test_every_family_and_store_answers_verifies_and_grows(
    embeddings: Path, make_sky: Callable[..., Any], tmp_path: Path, family: Any, store: Any
) -> None:
    codes: dict[str, Any] = {"n_subvectors": 8}
    if family == "ivfsq":
        codes = {"n_bits": None}
    recipe = dataclasses.replace(
        RECIPE,
        **{"family": family, "store": store, "n_lists": 8, "flat_below": 100, **codes},
    )
    out = tmp_path / "toy"
    manifest = build_index(recipe, embeddings=embeddings, out=out)
    assert {entry.plan.kind for entry in manifest.modalities.values()} == {family}
    row_bytes = {"float32": 64, "float16": 32, "int8": 20}[store]
    assert (out / "image" / "vectors.npy").stat().st_size == 128 + N * row_bytes
    assert sorted(path.name for path in (out / "image").iterdir()) == [
        *(["basis.npz"] if store == "int8" else []),
        "ids.npy",
        "lists.faiss",
        "vectors.npy",
    ]
    for entry in manifest.directions:
        assert entry.recall_at_10 > 0.8
        assert entry.queries_per_second > 0
    truth = open_build(out).stored(Modality.IMAGE)
    error = {"float32": 1e-6, "float16": 1e-3, "int8": 2e-2}[store]
    originals = next(iter_vectors(embeddings))
    np.testing.assert_allclose(truth.take(truth.rows_of(originals[0])), originals[1], atol=error)
    others = make_sky(50, seed=7)
    add(others.write(tmp_path / "others"), index=out)
    remove(others.ids[:10], index=out)
    verify(out)
    compact(out)
    assert verify(out).modalities[Modality.IMAGE].n_vectors == N + 40
    engine = open_index(out)
    answers = engine.query_many(others.ids[10:], using="image", among="spectrum", where="z > 0.1")
    assert {len(answer) for answer in answers} == {10}
    alike = engine.query(int(others.ids[20]), using="image", among="image", k=3, exact=True)
    assert len(alike) == 3


def iter_vectors(embeddings: Path) -> Any:
    return open_store(embeddings, Modality.IMAGE).iter_vectors()
