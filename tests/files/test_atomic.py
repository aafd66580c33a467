"""Files appear complete or not at all, and space is reserved before they are filled."""

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import OutputFileExistsError, WriteError
from galsearch.files import atomic
from galsearch.files.atomic import (
    new_array,
    new_file,
    write_array,
    write_arrays,
    write_bytes,
    write_json,
    write_text,
)
from galsearch.files.lock import hold_new_file
from galsearch.files.staged.exchange import rename_to_free_name
from tests.file_size_limit import REASON, file_size_limit


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_only_by_a_complete_one(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "first", durable=durable)

    def interrupted() -> None:
        with new_file(path, durable=durable) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "first"
    write_text(path, "second", durable=durable)
    assert path.read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]


def test_written_arrays_and_texts_are_read_unchanged(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"z": 0.5})
    write_bytes(tmp_path / "a.bin", b"\0\1")
    write_array(tmp_path / "a.npy", np.arange(3))
    write_arrays(tmp_path / "a.npz", first=np.arange(2), second=np.ones(1))
    assert json.loads((tmp_path / "a.json").read_text()) == {"z": 0.5}
    assert (tmp_path / "a.json").read_text().endswith("}\n")
    assert (tmp_path / "a.bin").read_bytes() == b"\0\1"
    assert np.load(tmp_path / "a.npy").tolist() == [0, 1, 2]
    with np.load(tmp_path / "a.npz") as arrays:
        assert sorted(arrays) == ["first", "second"]
        assert arrays["second"].tolist() == [1.0]


def test_a_full_disk_is_found_before_a_memory_map_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    path = tmp_path / "vectors.npy"
    with pytest.raises(WriteError) as caught, new_array(path, dtype=np.float32, shape=(9, 4)):
        pytest.fail("the array must not be filled")
    assert str(caught.value) == f"{path}: cannot be written: the disk is full."
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_where_space_cannot_be_reserved_zeros_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", unsupported)
    monkeypatch.setattr(atomic, "_BLOCK_BYTES", 1000)
    with new_array(tmp_path / "a.npy", dtype=np.int64, shape=(1200,)) as array:
        assert not array.any()
        array[:] = np.arange(1200)
    assert (tmp_path / "a.npy").stat().st_blocks * 512 >= 1200 * 8
    assert np.load(tmp_path / "a.npy").tolist() == list(range(1200))


def test_the_next_write_removes_what_a_killed_one_has_left_and_nothing_that_is_being_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store.json"
    (tmp_path / ".store.json.4711.part").write_text("left by an older version")
    (tmp_path / ".store.json.0123456789ab.part").write_text("left")
    (tmp_path / ".other.json.0123456789ab.part").write_text("of another file")
    with new_file(path) as first:
        first.write_text("first")
        write_text(path, "second")
        assert first.read_text() == "first"
    assert path.read_text() == "first"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        ".other.json.0123456789ab.part",
        "store.json",
    ]


def test_a_signal_right_after_the_temporary_file_was_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_and_be_interrupted(path: Path) -> int | None:
        hold_new_file(path)
        raise SystemExit(143)

    monkeypatch.setattr(atomic, "hold_new_file", make_and_be_interrupted)
    with pytest.raises(SystemExit), new_file(tmp_path / "a.json"):
        pytest.fail("The block is not entered.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_bytes", [200, 927])
def test_the_last_bytes_of_an_array_that_cannot_be_written_are_noticed(
    tmp_path: Path, n_bytes: int
) -> None:
    path = tmp_path / "a.npy"
    with file_size_limit(n_bytes), pytest.raises(WriteError) as caught:
        write_array(path, np.arange(100))
    assert str(caught.value) == f"{path}: {REASON}"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_appeared_meanwhile_stays_where_it_may_not_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "gallery.html"

    def write() -> None:
        with new_file(path, rename=rename_to_free_name) as temporary:
            temporary.write_text("mine")
            path.write_text("another's")

    with pytest.raises(OutputFileExistsError) as caught:
        write()
    assert str(caught.value) == (
        f"{path}: the file exists already; it appeared while this one was being made."
    )
    assert path.read_text() == "another's"
    assert [entry.name for entry in tmp_path.iterdir()] == ["gallery.html"]
    path.unlink()
    write_text(path, "mine", rename=rename_to_free_name)
    assert path.read_text() == "mine"
