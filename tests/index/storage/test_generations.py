"""Readers keep their files while an index changes, and a change that is killed is none."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import (
    LockedError,
    NoIndexError,
    WriteError,
)
from galsearch.files import atomic
from galsearch.files.digest import FileDigest
from galsearch.index import IndexRecipe, add, build_index, compact, remove, verify
from galsearch.index.storage.generations import write_lock
from galsearch.index.storage.latest_generation import LOCK_NAME
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.query import open_index
from tests.file_size_limit import check_failing_writes
from tests.index.changing_index import (
    N_FIRST,
    N,
    part,
)


def test_readers_are_not_disturbed(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    reader = open_index(changing_index)
    remove(shuffled_sky.ids[:50], index=changing_index)
    add(survey_parts / "second", index=changing_index)
    compact(changing_index)
    remove(shuffled_sky.ids[50:60], index=changing_index)
    # Only now does it read its inverted lists, of files that three changes have superseded.
    result = reader.query(int(shuffled_sky.ids[3]), using="image", among="spectrum", k=N)
    assert len(result) == N_FIRST - 1
    assert len(reader) == N_FIRST
    verify(changing_index)
    # A result holds the files of its index too, because its table reads the catalogue.
    del reader, result
    remove(shuffled_sky.ids[60:61], index=changing_index)
    assert not (changing_index / "ids.npy").exists()
    verify(changing_index)


class Killed(BaseException):
    """An interruption that no code catches, like `kill -9`: files stay as they are then."""


EVENTS = [
    (atomic.os, "fsync"),
    (FileDigest, "of"),
    (Path, "replace"),
    (Path, "unlink"),
    (Path, "mkdir"),
    (Path, "write_text"),
    (shutil, "rmtree"),
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
def test_a_killed_change_leaves_the_index_as_before_or_as_after(
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
            assert len(list(trial.glob("generation-*"))) <= 2
            assert read_manifest(trial).generation == before.generation + 1
        shutil.rmtree(trial)
        if not killed:
            break
    assert not killed
    assert number > 8


def test_a_change_that_fails_leaves_no_files(
    survey_parts: Path, changing_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = sorted(changing_index.rglob("*"))
    monkeypatch.setattr("galsearch.index.lifecycle.add.write_catalogue", full)
    with pytest.raises(WriteError):
        add(survey_parts / "second", index=changing_index)
    lock = changing_index / LOCK_NAME
    assert sorted(changing_index.rglob("*")) == sorted([*before, lock])
    assert verify(changing_index).generation == 1


@pytest.mark.parametrize("change", ["add", "remove", "compact"])
def test_a_change_that_cannot_be_written_is_none(
    make_sky: Callable[..., Any], tmp_path: Path, change: str
) -> None:
    sky, out = make_sky(80), tmp_path / "home" / "toy"
    part(sky, 0, 60).write(tmp_path / "first")
    part(sky, 60, 80).write(tmp_path / "second")
    recipe = IndexRecipe(flat_below=30, n_lists=2, n_bits=4, n_tuning_queries=2, n_probe=1)
    build_index(recipe, embeddings=tmp_path / "first", out=out)
    remove(sky.ids[:10], index=out)
    changes: dict[str, Callable[[], object]] = {
        "add": lambda: add(tmp_path / "second", index=out),
        "remove": lambda: remove(sky.ids[10:20], index=out),
        "compact": lambda: compact(out),
    }
    check_failing_writes(changes[change], out)
    assert verify(out).generation == 3


def test_the_next_writer_removes_what_a_killed_change_has_left(changing_index: Path) -> None:
    (changing_index / "generation-000002" / "image").mkdir(parents=True)
    (changing_index / "generation-000002" / "image" / "vectors.npy").write_bytes(b"half")
    with write_lock(changing_index):
        assert not (changing_index / "generation-000002").exists()
    assert verify(changing_index).generation == 1


def test_a_process_that_is_killed_leaves_no_lock(survey_parts: Path, changing_index: Path) -> None:
    child = os.fork()
    if not child:
        with write_lock(changing_index):
            os._exit(9)
    os.waitpid(child, 0)
    with write_lock(changing_index), pytest.raises(LockedError) as caught:
        remove([1], index=changing_index)
    assert str(caught.value) == f"{changing_index}: another process is changing this directory."


def test_a_mistyped_directory_is_not_created(tmp_path: Path) -> None:
    wrong = tmp_path / "mistyped"
    with pytest.raises(NoIndexError) as caught:
        remove([1], index=wrong)
    assert str(caught.value) == f"{wrong}: is not an index, it has no manifest.json."
    assert list(tmp_path.iterdir()) == []
