"""New indexes: their files, their measured recall, and the state after an error."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.embeddings import open_store, verify_embeddings
from galsearch.embeddings.store_record import write_record
from galsearch.files.digest import sha256_of_file
from galsearch.index import (
    IndexRecipe,
    add,
    build_index,
    compact,
    open_build,
    remove,
    verify,
)
from galsearch.index.storage import finish_manifest
from galsearch.query import open_index
from tests.damaged_files import assert_only_galsearch_errors, damaged
from tests.damaged_json import damaged_json
from tests.index.toy_index import N_TOY, TOY_RECIPE


def test_an_index_states_its_contents_and_is_verified(toy_index: Path) -> None:
    manifest = verify(toy_index)
    plans = {kind: entry.plan for kind, entry in manifest.modalities.items()}
    assert {kind: (plan.kind, plan.n_vectors) for kind, plan in plans.items()} == {
        Modality.IMAGE: ("ivfpq", N_TOY),
        Modality.SPECTRUM: ("ivfpq", N_TOY - 50),
    }
    assert manifest.n_galaxies == N_TOY
    assert manifest.fingerprint == "a" * 64
    assert {"galsearch", "numpy", "pyarrow"} < set(manifest.versions)
    assert sorted(manifest.files) == [
        "catalogue-rows.npy",
        "catalogue-text-bytes.npy",
        "catalogue-texts.npy",
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


def test_the_same_recipe_shards_and_seed_give_the_same_neighbours(
    toy_index: Path, toy_embeddings: Path, toy_sky: Any, tmp_path: Path
) -> None:
    build_index(TOY_RECIPE, embeddings=toy_embeddings, out=tmp_path / "again")
    one, other = open_build(toy_index), open_build(tmp_path / "again")
    assert one.manifest.directions == other.manifest.directions
    digests = {name: digest.sha256 for name, digest in one.manifest.files.items()}
    assert digests == {name: d.sha256 for name, d in other.manifest.files.items()}


def test_a_small_set_has_a_flat_index(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky")
    manifest = build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "small")
    verify(tmp_path / "small")
    assert {entry.plan.kind for entry in manifest.modalities.values()} == {"flat"}
    for entry in manifest.directions:
        assert (entry.recall_at_1, entry.recall_at_10, entry.exact_share) == (1, 1, 1)
        assert not entry.held_out
    assert "flat: every query is compared with every vector" in manifest.summary()


def test_one_modality_alone_can_be_indexed(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    embeddings = make_sky(40).write(tmp_path / "sky", image=slice(0, 0))
    manifest = build_index(IndexRecipe(), embeddings=embeddings, out=tmp_path / "spectra")
    assert list(manifest.modalities) == [Modality.SPECTRUM]
    assert [(entry.using, entry.among) for entry in manifest.directions] == [
        (Modality.SPECTRUM, Modality.SPECTRUM)
    ]


def test_an_interrupted_build_leaves_nothing(
    toy_embeddings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(finish_manifest, "write_manifest", interrupt)
    with pytest.raises(KeyboardInterrupt):
        build_index(TOY_RECIPE, embeddings=toy_embeddings, out=tmp_path / "toy")
    assert list(tmp_path.iterdir()) == []


def test_stages_are_reported_until_they_are_done(toy_embeddings: Path, tmp_path: Path) -> None:
    reports: dict[str, tuple[int, int]] = {}

    def progress(stage: str, done: int, total: int) -> None:
        reports[stage] = (done, total)

    manifest = build_index(
        TOY_RECIPE, embeddings=toy_embeddings, out=tmp_path / "toy", progress=progress
    )
    assert reports["fill image index"] == (N_TOY, N_TOY)
    assert reports["measure recall"] == (4, 4)
    assert all(done == total for done, total in reports.values())
    assert set(reports) <= {*manifest.seconds, "digests"}


@pytest.mark.parametrize("family", ["ivfsq", "ivfpq", "fastscan"])
@pytest.mark.parametrize("store", ["float32", "float16", "int8"])
def test_every_family_and_store_is_searched_verified_and_extended(
    toy_embeddings: Path, make_sky: Callable[..., Any], tmp_path: Path, family: Any, store: Any
) -> None:
    codes: dict[str, Any] = {"n_subvectors": 8}
    if family == "ivfsq":
        codes = {"n_bits": None}
    recipe = dataclasses.replace(
        TOY_RECIPE,
        **{"family": family, "store": store, "n_lists": 8, "flat_below": 100, **codes},
    )
    out = tmp_path / "toy"
    manifest = build_index(recipe, embeddings=toy_embeddings, out=out)
    assert {entry.plan.kind for entry in manifest.modalities.values()} == {family}
    row_bytes = {"float32": 64, "float16": 32, "int8": 20}[store]
    assert (out / "image" / "vectors.npy").stat().st_size == 128 + N_TOY * row_bytes
    beside = {"float32": [], "float16": ["originals.npy"]}
    beside["int8"] = ["basis.npz", "originals.npy", "whole-rows.npy", "whole.npy"]
    names = ["ids.npy", "lists.faiss", "vectors.npy", *beside[store]]
    assert sorted(path.name for path in (out / "image").iterdir()) == sorted(names)
    for entry in manifest.directions:
        assert entry.recall_at_10 > 0.8
        assert entry.queries_per_second > 0
    truth = open_build(out).stored(Modality.IMAGE)
    error = {"float32": 1e-6, "float16": 1e-3, "int8": 2e-2}[store]
    originals = next(iter_vectors(toy_embeddings))
    np.testing.assert_allclose(truth.take(truth.rows_of(originals[0])), originals[1], atol=error)
    others = make_sky(50, seed=7)
    add(others.write(tmp_path / "others"), index=out)
    remove(others.ids[:10], index=out)
    verify(out)
    compact(out)
    assert verify(out).modalities[Modality.IMAGE].n_vectors == N_TOY + 40
    engine = open_index(out)
    results = engine.query_many(others.ids[10:], using="image", among="spectrum", where="z > 0.1")
    assert {len(result) for result in results} == {10}
    alike = engine.query(int(others.ids[20]), using="image", among="image", k=3, exact=True)
    assert len(alike) == 3


def iter_vectors(toy_embeddings: Path) -> Any:
    return open_store(toy_embeddings, Modality.IMAGE).iter_vectors()


def _with_digests(embeddings: Path) -> Path:
    """The embeddings, whose records have the digests of all their files."""
    catalogue_sha256 = sha256_of_file(embeddings / "catalogue.parquet")
    for kind in Modality:
        record = open_store(embeddings, kind).record
        digests = {name: sha256_of_file(embeddings / kind / name) for name in record.shards}
        write_record(
            embeddings / kind,
            dataclasses.replace(record, digests=digests, catalogue_sha256=catalogue_sha256),
        )
    return embeddings


@pytest.mark.parametrize("damage", [damaged, damaged_json])
def test_from_damaged_embeddings_comes_the_same_index_or_a_sentence(
    make_sky: Callable[..., Any], tmp_path: Path, damage: Any
) -> None:
    sky, out = make_sky(24), tmp_path / "build"
    embeddings = _with_digests(sky.write(tmp_path / "embeddings"))
    contents = {
        path.relative_to(embeddings).as_posix(): path.read_bytes()
        for path in sorted(embeddings.rglob("*"))
        if path.suffix == (".json" if damage is damaged_json else path.suffix) and path.is_file()
    }

    def answers() -> Any:
        build_index(IndexRecipe(n_tuning_queries=2), embeddings=embeddings, out=out, overwrite=True)
        engine, found = open_index(out), []
        for using, among in DIRECTIONS:
            batch = engine.query_many(sky.ids[:3], using=using, among=among, k=4)
            found.append((batch.target_ids.tolist(), batch.similarity.tolist(), batch.z.tolist()))
        return repr(found)

    def read(named: bytes) -> None:
        name, _, content = named.partition(b":")
        if content == contents[name.decode()]:
            return
        (embeddings / name.decode()).write_bytes(content)
        try:
            assert answers() == expected
            verify_embeddings(embeddings)
        finally:
            (embeddings / name.decode()).write_bytes(contents[name.decode()])

    def damage_file(named: bytes, generator: np.random.Generator) -> bytes:
        name, _, content = named.partition(b":")
        return name + b":" + damage(content, generator)

    expected = answers()
    originals = [name.encode() + b":" + content for name, content in contents.items()]
    assert_only_galsearch_errors(read, originals, copies=20, damage=damage_file, cost=20)
