"""Reading an index that is replaced, renamed or deleted at the same time."""

import shutil
from pathlib import Path

import pytest

from galsearch.core.errors import IndexChangedError, ManifestError, NoIndexError
from galsearch.files.held_files import OpenDirectory
from galsearch.index.storage import read_unchanged as module
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.read_unchanged import read_unchanged


def replace(directory: Path) -> None:
    """Replace an index by a copy of itself, as a build with the same content does."""
    shutil.copytree(directory, directory.with_name("copy"))
    shutil.rmtree(directory)
    directory.with_name("copy").rename(directory)


def test_a_reading_that_fails_is_repeated_only_where_the_index_was_replaced(toy_copy: Path) -> None:
    attempts = []

    def read(opened: OpenDirectory, manifest: IndexManifest) -> int:
        attempts.append(opened.identity)
        if len(attempts) < 3:
            replace(toy_copy)
        if len(attempts) < 4:
            raise ManifestError("a file is missing.")
        return manifest.generation

    with pytest.raises(ManifestError, match=r"a file is missing\."):
        read_unchanged(toy_copy, read)
    assert len(attempts) == 3
    assert read_unchanged(toy_copy, read) == 1


def test_readings_end_after_a_number_of_changes(
    toy_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_ATTEMPTS", 3)

    def read(*_: object) -> None:
        replace(toy_copy)
        raise FileNotFoundError

    with pytest.raises(IndexChangedError) as caught:
        read_unchanged(toy_copy, read)
    assert str(caught.value) == (
        f"{toy_copy}: was changed or replaced during each of 3 attempts to read it."
    )


def test_an_index_is_waited_for_between_the_two_renames_of_a_replacement(
    toy_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = toy_copy.with_name(f".{toy_copy.name}.5.old")
    toy_copy.rename(hidden)
    monkeypatch.setattr(module.time, "sleep", lambda _: hidden.rename(toy_copy))
    assert read_unchanged(toy_copy, lambda _, manifest: manifest.generation) == 1


def test_a_directory_without_index_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.time, "sleep", lambda _: pytest.fail("it waits"))
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(NoIndexError) as caught:
            read_unchanged(path, lambda *_: None)
        assert str(caught.value) == f"{path}: is not an index, it has no manifest.json."


def test_an_interrupted_replacement_is_named_after_the_wait(
    toy_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process that replaced the index died between the two renames."""
    hidden = toy_copy.with_name(f".{toy_copy.name}.5.old")
    toy_copy.rename(hidden)
    monkeypatch.setattr(module, "MAX_ATTEMPTS", 3)
    with pytest.raises(NoIndexError) as caught:
        read_unchanged(toy_copy, lambda *_: None)
    assert str(caught.value) == (
        f"{toy_copy}: is not an index, it has no manifest.json. Its replacement was interrupted: "
        f"the index that was here is in {hidden}, and the next build or change puts it back."
    )
