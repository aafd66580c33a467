"""One writer at a time, also across processes; readers keep files from being removed."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from galsearch.core.errors import LockedError, UnusableOutputError
from galsearch.files import lock
from galsearch.files.lock import (
    exclusive_lock,
    hold_for_reading,
    is_held,
    locked_directory,
    write_note,
)

OTHER_PROCESS = """
import sys
from pathlib import Path
from galsearch.files.lock import exclusive_lock
try:
    with exclusive_lock(Path(sys.argv[1])):
        print("acquired")
except Exception as error:
    print(type(error).__name__)
"""


def acquired_elsewhere(path: Path) -> str:
    command = [sys.executable, "-c", OTHER_PROCESS, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_second_writer_is_refused_until_the_first_has_finished(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    with exclusive_lock(path):
        assert acquired_elsewhere(path) == "LockedError"
        with pytest.raises(LockedError) as caught, exclusive_lock(path):
            pass
        assert str(caught.value) == f"{tmp_path}: another process is changing this directory."
    assert acquired_elsewhere(path) == "acquired"


def test_a_directory_has_one_writer_and_is_left_only_where_it_holds_something(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "a" / "b"

    def fail() -> None:
        with locked_directory(directory, "writer.lock"):
            assert acquired_elsewhere(directory / "writer.lock") == "LockedError"
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []
    with locked_directory(directory, "writer.lock"):
        (directory / "file").write_text("1")
        with pytest.raises(LockedError), locked_directory(directory, "writer.lock"):
            pass
    assert [path.name for path in directory.iterdir()] == ["file"]
    with pytest.raises(UnusableOutputError) as caught, locked_directory(directory / "file", "x"):
        pass
    assert str(caught.value) == f"{directory / 'file'}: is not a directory, or leads to none."


def test_a_note_is_kept_in_the_lock_file(tmp_path: Path) -> None:
    path = tmp_path / "writer.lock"
    for note in ("generation 10\n", "last\n"):
        with exclusive_lock(path) as held:
            write_note(path, note)
            assert held.is_in_place()
    assert path.read_text() == "last\n"


def test_an_error_inside_is_not_taken_for_a_lock_that_is_held(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError, match="from inside"), exclusive_lock(tmp_path / "a"):
        raise BlockingIOError("from inside")
    with exclusive_lock(tmp_path / "a"):
        pass


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_gets_a_lock_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock.fcntl, "flock", refuse)
    with exclusive_lock(tmp_path / "a"):
        assert (tmp_path / "a.soft").is_file()
        with pytest.raises(LockedError), exclusive_lock(tmp_path / "a"):
            pass
    assert not (tmp_path / "a.soft").exists()
    with exclusive_lock(tmp_path / "b", temporary=True):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_lock_file_of_a_process_that_was_killed_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
import errno, fcntl, os, pathlib, signal
def refuse(*_):
    raise OSError(errno.ENOSYS, "no locks")
fcntl.flock = refuse
from galsearch.files.lock import exclusive_lock
with exclusive_lock(pathlib.Path({str(tmp_path / "a")!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert (tmp_path / "a.soft").is_file()

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(lock.fcntl, "flock", refuse)
    with exclusive_lock(tmp_path / "a"):
        pass
    assert not (tmp_path / "a.soft").exists()


def test_a_reader_holds_its_file_until_it_closes_it(tmp_path: Path) -> None:
    path = tmp_path / "ids.npy"
    assert not is_held(path)
    path.write_bytes(b"1")
    assert not is_held(path)
    handles = [hold_for_reading(path), hold_for_reading(path)]
    assert is_held(path)
    os.close(handles[0])
    assert is_held(path)
    os.close(handles[1])
    assert not is_held(path)


def test_without_locks_every_file_counts_as_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ids.npy"
    path.write_bytes(b"1")
    monkeypatch.setattr(lock, "fcntl", None)
    os.close(hold_for_reading(path))
    assert is_held(path)


def test_a_lock_is_no_longer_in_place_after_its_directory_was_exchanged(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with exclusive_lock(tmp_path / "a" / "lock") as held:
        assert held.is_in_place()
        (tmp_path / "a").rename(tmp_path / "b")
        assert not held.is_in_place()
        (tmp_path / "a").mkdir()
        with exclusive_lock(tmp_path / "a" / "lock", temporary=True) as other:
            assert other.is_in_place()
            assert not held.is_in_place()
    assert list((tmp_path / "a").iterdir()) == []


def test_a_lock_file_that_the_disk_refuses_to_remove_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch, exclusive_lock(tmp_path / "a.lock", temporary=True):
        patch.setattr(Path, "unlink", refuse)
    assert (tmp_path / "a.lock").exists()
    with exclusive_lock(tmp_path / "a.lock", temporary=True):
        pass
    assert list(tmp_path.iterdir()) == []
