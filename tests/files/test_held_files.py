"""Files that are held open: what was opened is read, whatever happens to paths."""

import errno
import gc
import io
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import TooManyFilesError
from galsearch.files import held_files
from galsearch.files.held_files import OpenDirectory, map_npy
from galsearch.files.lock import is_held


def n_descriptors() -> int:
    """Number of open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x[1]").mkdir()
    (tmp_path / "x[1]" / "a").write_bytes(b"first")
    return tmp_path / "x[1]"


def test_files_are_those_of_the_directory_that_was_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    with OpenDirectory(Path(folder.name)) as opened:
        assert opened.path == folder
        folder.rename(folder.with_name("renamed"))
        folder.mkdir()
        (folder / "a").write_bytes(b"second")
        monkeypatch.chdir("/")
        with opened.open_file(opened.path / "a") as file:
            assert file.read() == b"first"
        held = opened.hold(opened.path / "a")
    (folder.with_name("renamed") / "a").unlink()
    with held.open_again() as one, held.open_again() as other:
        assert (one.read(2), other.read(), one.read()) == (b"fi", b"first", b"rst")


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_what_is_no_file_is_refused_without_waiting(folder: Path, kind: str) -> None:
    (folder / "b").mkdir() if kind == "directory" else os.mkfifo(folder / "b")
    with OpenDirectory(folder) as opened, pytest.raises(IsADirectoryError):
        opened.open_file(opened.path / "b")


def test_maps_and_held_files_of_one_file_share_a_descriptor(folder: Path) -> None:
    np.save(folder / "a.npy", np.arange(6).reshape(2, 3))
    # Files of earlier tests may wait to be closed.
    gc.collect()
    n_before = n_descriptors()
    with OpenDirectory(folder) as opened:
        held = [opened.hold(opened.path / "a") for _ in range(20)]
        arrays = []
        for _ in range(20):
            with opened.open_file(opened.path / "a.npy") as file:
                arrays.append(map_npy(file))
    assert n_descriptors() == n_before + 2
    (folder / "a.npy").unlink()
    assert all(array.tolist() == [[0, 1, 2], [3, 4, 5]] for array in arrays)
    with pytest.raises(ValueError, match="read-only"):
        arrays[0][0, 0] = 1
    held.clear()
    arrays.clear()
    assert n_descriptors() == n_before


def test_a_process_without_descriptors_is_told_its_limit(folder: Path) -> None:
    code = (
        "import resource\nfrom pathlib import Path\n"
        "from galsearch.files.held_files import OpenDirectory\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\nkept = []\n"
        f"folder = Path({str(folder)!r})\n"
        "try:\n    while True: kept.append(OpenDirectory(folder))\n"
        "except Exception as error: message = str(error)\n"
        "kept.clear()\nprint(message)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == (
        f"{folder}: cannot be opened, because this process has as many open files as it may have "
        "(64).\n"
    ), done.stderr


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY\x01\x00\x08\x00{'a': (\n", b"\x93NUMPY\x09\x00", b"text"]
)
def test_a_damaged_array_is_a_value_error(folder: Path, content: bytes) -> None:
    (folder / "a.npy").write_bytes(content)
    with (folder / "a.npy").open("rb") as file, pytest.raises(ValueError, match=r"."):
        map_npy(file)


def test_a_truncated_array_is_a_value_error(folder: Path) -> None:
    np.save(folder / "a.npy", np.arange(100))
    content = (folder / "a.npy").read_bytes()
    (folder / "a.npy").write_bytes(content[:-8])
    with (folder / "a.npy").open("rb") as file, pytest.raises(ValueError, match="shorter"):
        map_npy(file)


@pytest.mark.parametrize("name", ["preadv", "no such call"])
def test_readers_of_one_descriptor_do_not_disturb_each_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Windows has no `preadv`, and no `/proc` by which a descriptor could be opened again."""
    if name != "preadv":
        monkeypatch.delattr(os, "preadv")
    content = bytes(range(256)) * 1000
    (folder / "numbers").write_bytes(content)
    with OpenDirectory(folder) as opened:
        handle = opened.handle(folder / "numbers")
    readers = [io.BufferedReader(held_files._ReadAt(handle)) for _ in range(2)]
    readers[1].seek(1000)
    assert readers[0].read(70_000) == content[:70_000]
    assert readers[1].read(10) == content[1000:1010]
    assert readers[0].read() == content[70_000:]
    os.close(handle)


def test_a_lock_is_held_as_long_as_somebody_refers_to_it(folder: Path) -> None:
    with OpenDirectory(folder) as opened:
        first, second = opened.lock(folder / "a"), opened.lock(folder / "a")
        assert first is second
        assert opened.hold(folder / "a") is not first
    assert is_held(folder / "a")
    del first, second
    assert not is_held(folder / "a")


def test_without_proc_readers_of_one_file_have_their_own_offsets(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise FileNotFoundError

    with OpenDirectory(folder) as opened:
        held = opened.hold(folder / "a")
    (folder / "a").unlink()
    monkeypatch.setattr(Path, "open", missing)
    with held.open_again() as one, held.open_again() as other:
        assert (one.readable(), one.seekable(), one.writable()) == (True, True, False)
        assert one.read(2) == b"fi"
        assert other.read() == b"first"
        assert one.read() == b"rst"
        assert one.seek(-2, os.SEEK_END) == 3
        assert one.read() == b"st"
        assert one.seek(1) == 1
        assert one.seek(2, os.SEEK_CUR) == 3
        assert (one.tell(), one.read(1), one.tell()) == (3, b"s", 4)
        assert one.seek(0, os.SEEK_END) == 5


def test_another_file_under_the_number_of_the_descriptor_is_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenDirectory(folder) as opened:
        held = opened.hold(folder / "a")
    (folder / "b").write_bytes(b"other")
    open_file = Path.open
    monkeypatch.setattr(Path, "open", lambda _, mode: open_file(folder / "b", mode))
    with held.open_again() as again:
        assert again.read() == b"first"


def test_the_identity_is_that_of_the_directory_and_not_of_its_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = folder.stat()
    with OpenDirectory(folder) as opened:
        folder.rename(folder.with_name("b"))
        folder.mkdir()
        assert opened.identity == (found.st_dev, found.st_ino)
        assert opened.__exit__() is None
        opened.__exit__()
    monkeypatch.setattr(os, "supports_dir_fd", set())
    with OpenDirectory(folder) as opened:
        now = folder.stat()
        assert opened.identity == (now.st_dev, now.st_ino)
        (folder / "a").write_bytes(b"by path")
        with opened.open_file(folder / "a") as file:
            assert file.read() == b"by path"


def test_the_limit_of_descriptors_is_stated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENFILE, "a")

    def no_map(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "a")

    limit = f"{resource.getrlimit(resource.RLIMIT_NOFILE)[0]:,}"
    ending = f"because this process has as many open files as it may have ({limit})."
    np.save(folder / "a.npy", np.arange(3))
    with monkeypatch.context() as patch, (folder / "a.npy").open("rb") as file:
        patch.setattr(held_files.mmap, "mmap", no_map)
        with pytest.raises(TooManyFilesError) as caught:
            map_npy(file)
    assert str(caught.value) == f"a file cannot be mapped into memory, {ending}"
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "supports_dir_fd", {refuse})
    with pytest.raises(TooManyFilesError) as caught:
        OpenDirectory(folder)
    assert str(caught.value) == f"{folder}: cannot be opened, {ending}"
    assert caught.value.facts == {"path": folder}


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_array_is_mapped_in_its_order_and_cannot_be_changed(folder: Path, order: str) -> None:
    array = np.asarray(np.arange(6).reshape(2, 3), order=order)
    for version in ((1, 0), (2, 0)):
        with (folder / "a.npy").open("wb") as file:
            np.lib.format.write_array(file, array, version=version)
        with (folder / "a.npy").open("rb") as file:
            mapped = map_npy(file)
        assert mapped.tolist() == [[0, 1, 2], [3, 4, 5]]
        assert mapped.flags.f_contiguous == (order == "F")
        assert not mapped.flags.writeable
