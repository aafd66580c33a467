"""An older manifest of the same index that is put back is named; nothing else is taken for one."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import ManifestError
from galsearch.index import add, build_index, remove, verify
from galsearch.index.storage import latest_generation
from galsearch.query import open_index
from tests.index.changing_index import RECIPE


def test_an_older_manifest_that_is_put_back_is_named(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    manifest = changing_index / "manifest.json"
    older = manifest.read_bytes()
    remove(shuffled_sky.ids[:5], index=changing_index)
    newest = manifest.read_bytes()
    manifest.write_bytes(older)
    files = sorted(changing_index.rglob("*"))
    message = (
        f"{manifest}: is of generation 1; growing.lock records generation 2 of this index. An "
        "older manifest was put back."
    )
    for attempt in (open_index, verify):
        with pytest.raises(ManifestError) as caught:
            attempt(changing_index)
        assert str(caught.value) == message
    # A change would remove the files of the latest generation.
    with pytest.raises(ManifestError) as caught:
        add(survey_parts / "third", index=changing_index)
    assert str(caught.value) == message
    assert sorted(changing_index.rglob("*")) == files
    manifest.write_bytes(newest)
    assert verify(changing_index).generation == 2


def test_a_whole_directory_that_is_put_back_is_no_older_manifest(
    shuffled_sky: Any, changing_index: Path, tmp_path: Path
) -> None:
    remove(shuffled_sky.ids[:5], index=changing_index)
    backup = Path(shutil.copytree(changing_index, tmp_path / "backup"))
    remove(shuffled_sky.ids[5:9], index=changing_index)
    shutil.rmtree(changing_index)
    backup.rename(changing_index)
    assert verify(changing_index).generation == 2
    assert remove(shuffled_sky.ids[5:9], index=changing_index).generation == 3


def test_a_new_build_at_the_same_place_begins_again(
    shuffled_sky: Any, survey_parts: Path, changing_index: Path
) -> None:
    remove(shuffled_sky.ids[:5], index=changing_index)
    build_index(RECIPE, embeddings=survey_parts / "third", out=changing_index, overwrite=True)
    assert verify(changing_index).generation == 1


@pytest.mark.parametrize(
    "note", [b"", b"generation 9", b"\xff\x00", b"generation 9 of the index built never\n"]
)
def test_what_is_no_record_of_this_index_is_ignored(changing_index: Path, note: bytes) -> None:
    (changing_index / "growing.lock").write_bytes(note)
    assert verify(changing_index).generation == 1


def test_a_generation_that_cannot_be_recorded_takes_effect_all_the_same(
    shuffled_sky: Any, changing_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(latest_generation, "write_note", full)
    assert remove(shuffled_sky.ids[:5], index=changing_index).generation == 2
    assert verify(changing_index).generation == 2
