"""Galaxies come and go: every state verifies, readers keep theirs, a killed change is no change."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import (
    EncoderMismatchError,
    LockedError,
    MissingModalityError,
    ShardError,
    UnknownTargetError,
)
from galsearch.core.modality import DIRECTIONS, Modality
from galsearch.files import atomic
from galsearch.files.digest import FileDigest
from galsearch.index import IndexRecipe, add, build_index, compact, open_build, remove, verify
from galsearch.index.storage.generations import write_lock
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.query import open_index
from tests.reference.brute_force import brute_force

N, N_FIRST, N_SECOND = 900, 600, 750
RECIPE = IndexRecipe(name="toy", n_tuning_queries=20, n_bits=4, n_lists=8)


@pytest.fixture(scope="module")
def sky(make_sky: Callable[..., Any]) -> Any:
    """Shuffled, so that galaxies which come later have ids between those before."""
    sky = make_sky(N)
    order = np.random.default_rng(4).permutation(N)
    return type(sky)(sky.ids[order], sky.image[order], sky.spectrum[order])


def part(sky: Any, start: int, stop: int) -> Any:
    rows = start + np.argsort(sky.ids[start:stop])
    return type(sky)(sky.ids[rows], sky.image[rows], sky.spectrum[rows])


@pytest.fixture(scope="module")
def home(sky: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three parts of the sky; galaxies of the second lack some spectra."""
    home = tmp_path_factory.mktemp("growth")
    part(sky, 0, N_FIRST).write(home / "first")
    part(sky, N_FIRST, N_SECOND).write(home / "second", spectrum=slice(0, 100))
    part(sky, N_SECOND, N).write(home / "third")
    build_index(RECIPE, embeddings=home / "first", out=home / "toy")
    return home


@pytest.fixture
def build(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(home / "toy", tmp_path / "toy"))


def rows_of(sky: Any, build: Path, kind: Modality) -> np.ndarray:
    """Rows of the sky whose vectors the build should hold."""
    known = {int(name): row for row, name in enumerate(sky.ids)}
    return np.array([known[int(name)] for name in open_build(build).stored(kind).ids])


def check_answers(sky: Any, build: Path) -> None:
    """Whole, true, of live galaxies alone, exact where asked, and near the exact ones."""
    engine = open_index(build)
    for using, among in DIRECTIONS:
        rows = rows_of(sky, build, among)
        asking = rows_of(sky, build, using)[::7][:25]
        answers = engine.query_many(sky.ids[asking], using=using, among=among, k=5)
        exact = engine.query_many(sky.ids[asking], using=using, among=among, k=5, exact=True)
        found = 0
        for row, answer, true in zip(asking, answers, exact, strict=True):
            ids, cosines = brute_force(
                getattr(sky, among)[rows],
                sky.ids[rows],
                getattr(sky, using)[row],
                k=5,
                exclude=int(sky.ids[row]),
            )
            assert true.target_ids.tolist() == ids.tolist()
            np.testing.assert_allclose(true.similarity, cosines, atol=1e-6)
            assert set(answer.target_ids) <= set(sky.ids[rows])
            found += np.count_nonzero(answer.similarity >= cosines[-1] - 1e-6)
        assert found >= 0.85 * 5 * len(asking)


def test_added_galaxies_answer_and_are_asked(sky: Any, home: Path, build: Path) -> None:
    manifest = add(home / "second", index=build)
    assert manifest == read_manifest(build) == verify(build)
    assert (manifest.n_galaxies, manifest.generation) == (N_SECOND, 2)
    assert manifest.modalities[Modality.SPECTRUM].n_vectors == N_FIRST + 100
    check_answers(sky, build)


def test_recall_is_measured_again_once_a_tenth_has_changed(
    sky: Any, home: Path, build: Path
) -> None:
    built = read_manifest(build)
    few = remove(sky.ids[:50], index=build)
    assert few.n_changed == 50
    assert few.directions == built.directions
    assert "50 galaxies were added or removed since recall was measured" in few.summary()
    more = remove(sky.ids[50:55], index=build)
    assert more.n_changed == 0
    assert more.directions != built.directions
    assert more == verify(build)
    # What is measured then is what a compacted build measures: the same galaxies, the same lists.
    compacted = compact(build)
    assert [(d.n_probe, d.rerank) for d in compacted.directions] == [
        (d.n_probe, d.rerank) for d in more.directions
    ]


def test_removed_galaxies_never_come_back(sky: Any, home: Path, build: Path) -> None:
    gone = sky.ids[:N_FIRST:3]
    manifest = remove([str(name) for name in gone], index=build)
    assert manifest == verify(build)
    assert manifest.n_galaxies == N_FIRST - len(gone)
    check_answers(sky, build)
    add(home / "second", index=build)
    remove(sky.ids[N_FIRST:N_SECOND:5], index=build)
    gone = np.concatenate([gone, sky.ids[N_FIRST:N_SECOND:5]])
    check_answers(sky, build)
    assert (open_build(build).catalogue_rows(gone) == -1).all()
    add(home / "third", index=build)
    for last in (False, True):
        if last:
            compact(build)
        verify(build)
        check_answers(sky, build)
        engine = open_index(build)
        for using, among in DIRECTIONS:
            asking = np.intersect1d(sky.ids[1:9:3], engine.index.stored(using).ids)
            everyone = engine.query_many(asking, using=using, among=among, k=N, where="dec_deg < 9")
            assert all(not set(gone) & set(answer.target_ids) for answer in everyone)
        with pytest.raises(UnknownTargetError):
            engine.query(int(gone[0]))


def test_a_compacted_build_is_one_piece_and_answers_as_before(
    sky: Any, home: Path, build: Path
) -> None:
    add(home / "second", index=build)
    remove(sky.ids[100:200], index=build)
    before = open_index(build)
    asked = [*sky.ids[:100], *sky.ids[N_FIRST : N_FIRST + 50]]
    settings_before = {"k": 8, "n_probe": 4}
    answers = before.query_many(asked, **settings_before)
    manifest = compact(build)
    assert len(manifest.segments) == 1
    assert manifest.n_changed == 0
    assert manifest == verify(build)
    tuned = [(entry.n_probe, entry.rerank) for entry in manifest.directions]
    assert len(tuned) == 4
    after = open_index(build)
    for one, other in zip(answers, after.query_many(asked, **settings_before), strict=True):
        np.testing.assert_array_equal(one.target_ids[:3], other.target_ids[:3])
    del before
    remove(sky.ids[:1], index=build)
    assert sorted(path.name for path in build.iterdir()) == [
        "generation-000004",
        "generation-000005",
        "growing.lock",
        "manifest.json",
    ]


def test_a_removed_galaxy_can_be_added_again_and_is_the_new_one(
    sky: Any, home: Path, build: Path, tmp_path: Path
) -> None:
    again = part(sky, 0, 30)
    again.image[:] = again.image[::-1].copy()
    table = pq.read_table(again.write(tmp_path / "again") / "catalogue.parquet")
    table = table.set_column(3, "z", pa.array(np.full(len(table), 7.0)))
    pq.write_table(table, tmp_path / "again" / "catalogue.parquet")
    with pytest.raises(ShardError) as caught:
        add(tmp_path / "again", index=build)
    assert str(caught.value) == (
        f"{tmp_path / 'again'}: 30 of 30 galaxies are in index 'toy' already, first TARGETID "
        f"{again.ids[0]}; nothing was added. Remove them from the index first, or embed new ones "
        "alone."
    )
    remove(again.ids, index=build)
    add(tmp_path / "again", index=build)
    verify(build)
    engine = open_index(build)
    assert engine.query(int(again.ids[0]), where="z == 7", k=99).z.tolist() == [7.0] * 29
    stored = engine.index.stored(Modality.IMAGE)
    np.testing.assert_array_equal(stored.take(stored.rows_of(again.ids)), again.image)
    assert len(engine.query(int(again.ids[0]), k=N, where="z < 7")) < N_FIRST - 30


def test_readers_are_not_disturbed(sky: Any, home: Path, build: Path) -> None:
    reader = open_index(build)
    remove(sky.ids[:50], index=build)
    add(home / "second", index=build)
    compact(build)
    remove(sky.ids[50:60], index=build)
    # Only now does it read its inverted lists, of files that three changes have superseded.
    answer = reader.query(int(sky.ids[3]), using="image", among="spectrum", k=N)
    assert len(answer) == N_FIRST - 1
    assert len(reader) == N_FIRST
    verify(build)
    del reader
    remove(sky.ids[60:61], index=build)
    assert not (build / "ids.npy").exists()
    verify(build)


def test_a_small_build_grows_into_lists(make_sky: Callable[..., Any], tmp_path: Path) -> None:
    sky = make_sky(700)
    part(sky, 0, 100).write(tmp_path / "first")
    part(sky, 100, 700).write(tmp_path / "rest")
    build_index(RECIPE, embeddings=tmp_path / "first", out=tmp_path / "toy")
    add(tmp_path / "rest", index=tmp_path / "toy")
    check_answers(sky, tmp_path / "toy")
    manifest = compact(tmp_path / "toy")
    assert {entry.plan.kind for entry in manifest.modalities.values()} == {"ivfpq"}
    check_answers(sky, tmp_path / "toy")


class Killed(BaseException):
    """What no code of the library catches: the disk is as after kill -9."""


EVENTS = [
    (atomic.os, "fsync"),
    (FileDigest, "of"),
    (Path, "replace"),
    (Path, "unlink"),
    (Path, "mkdir"),
    (Path, "write_text"),
    (np, "save"),
    (pq, "write_table"),
]


def kill_at(number: int, patch: pytest.MonkeyPatch) -> None:
    """Die at the event of this number, before it happens."""
    left = [number]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            return function(*args, **options)

        return wrapped

    for home, name in EVENTS:
        patch.setattr(home, name, counted(getattr(home, name)))


@pytest.mark.parametrize("change", ["add", "remove", "compact"])
def test_whatever_kills_a_change_the_build_is_as_before_or_as_after(
    make_sky: Callable[..., Any], tmp_path: Path, change: str
) -> None:
    sky = make_sky(80)
    none = slice(0, 0)
    part(sky, 0, 60).write(tmp_path / "first", spectrum=none)
    part(sky, 60, 80).write(tmp_path / "second", spectrum=none)
    recipe = IndexRecipe(flat_below=30, n_lists=2, n_bits=4, n_tuning_queries=2, n_probe=1)
    build = tmp_path / "toy"
    build_index(recipe, embeddings=tmp_path / "first", out=build)
    if change == "compact":
        remove(sky.ids[:10], index=build)
        add(tmp_path / "second", index=build)

    def make_change(index: Path) -> object:
        if change == "add":
            return add(tmp_path / "second", index=index)
        return remove(sky.ids[:10], index=index) if change == "remove" else compact(index)

    before = read_manifest(build)
    for number in range(400):
        trial = Path(shutil.copytree(build, tmp_path / "trial"))
        with pytest.MonkeyPatch.context() as patch:
            kill_at(number, patch)
            try:
                make_change(trial)
                killed = False
            except Killed:
                killed = True
        found = verify(trial)
        swapped = found.generation > before.generation
        assert swapped or found == before
        assert swapped or killed
        if number % 8 == 0 and not swapped:
            make_change(trial)
            verify(trial)
            assert read_manifest(trial).generation == before.generation + 1
        shutil.rmtree(trial)
        if not killed:
            break
    assert not killed
    assert number > 8


def test_a_process_that_is_killed_leaves_no_lock(home: Path, build: Path) -> None:
    child = os.fork()
    if not child:
        with write_lock(build):
            os._exit(9)
    os.waitpid(child, 0)
    with write_lock(build), pytest.raises(LockedError) as caught:
        remove([1], index=build)
    assert str(caught.value) == f"{build}: another process is changing this directory."


@settings(max_examples=4)
@given(data=st.data())
def test_any_order_of_changes_gives_what_a_fresh_build_would(
    sky: Any, home: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    build = tmp_path_factory.mktemp("changes") / "toy"
    shutil.copytree(home / "toy", build)
    alive, waiting = set(sky.ids[:N_FIRST].tolist()), ["second", "third"]
    for change in data.draw(st.lists(st.sampled_from(["add", "remove", "compact"]), max_size=5)):
        if change == "add" and waiting:
            name = waiting.pop(0)
            add(home / name, index=build)
            alive |= set(np.asarray(pq.read_table(home / name / "catalogue.parquet")["target_id"]))
        elif change == "remove":
            seed = data.draw(st.integers(0, 99))
            gone = np.random.default_rng(seed).choice(sorted(alive), 40, replace=False)
            remove(gone, index=build)
            alive -= set(gone.tolist())
        elif change == "compact":
            compact(build)
    index = open_build(build)
    assert index.ids.tolist() == sorted(alive)
    verify(build)
    check_answers(sky, build)
    index.release()


def test_what_does_not_fit_is_refused_and_nothing_changes(
    sky: Any, home: Path, build: Path, tmp_path: Path, make_sky: Callable[..., Any]
) -> None:
    before = read_manifest(build)
    other = make_sky(20, seed=8)
    foreign = other.write(tmp_path / "foreign", fingerprints=("b" * 64, "b" * 64))
    with pytest.raises(EncoderMismatchError) as caught:
        add(foreign, index=build)
    assert str(caught.value) == (
        f"index 'toy' was built with encoder aaaaaaaaaaaaaaaa, {foreign} is of encoder "
        "bbbbbbbbbbbbbbbb. Similarities between different encoders have no meaning. Embed with the "
        "index's encoder, or build the index again."
    )
    with pytest.raises(UnknownTargetError) as caught:
        remove([int(sky.ids[0]), 5, 6], index=build)
    assert str(caught.value) == (
        "2 of 3 TARGETIDs are not in index 'toy', first 5; nothing was removed."
    )
    with pytest.raises(ShardError) as caught:
        remove(sky.ids[:N_FIRST], index=build)
    assert str(caught.value) == (
        "removing 600 galaxies would leave index 'toy' without image vectors; nothing was removed. "
        "Delete its directory instead."
    )
    assert remove([], index=build) == before
    spectra = other.write(tmp_path / "spectra", image=slice(0, 0))
    build_index(IndexRecipe(name="half"), embeddings=spectra, out=tmp_path / "half")
    with pytest.raises(MissingModalityError) as caught:
        add(home / "second", index=tmp_path / "half")
    assert str(caught.value) == (
        f"index 'half' was built without image vectors, {home / 'second'} holds 150. Build the "
        "index again from both."
    )
    assert read_manifest(build) == before
