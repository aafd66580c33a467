"""Every way of saying that a disk is full becomes one error with the path."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from galsearch.core.errors import ConfigError, WriteError
from galsearch.files import disk_errors
from galsearch.files.disk_errors import is_caused_by_writing, write_error, write_errors
from tests.file_size_limit import file_size_limit

FULL = "the disk is full"
PATH = Path("/scratch/build/vectors.npy")
SafetensorError = type("SafetensorError", (Exception,), {})


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), FULL),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk quota is used up"),
        (OSError(errno.EROFS, "Read-only file system", "/x"), "the file system is read-only"),
        (OSError(errno.EIO, "Input/output error"), "the disk reports an input/output error"),
        (PermissionError(errno.EACCES, "Permission denied", str(PATH)), "permission denied"),
        (PermissionError(errno.EACCES, "Permission denied", "/scratch"), "permission denied"),
        (RuntimeError(f"write error in f: 3 != 4 ({os.strerror(errno.ENOSPC)})"), FULL),
        (SafetensorError("I/O error: No space left on device (os error 28)"), FULL),
        (SafetensorError("I/O error: Kein Platz (os error 28)"), FULL),
        (OSError("I/O error: Kein Platz (os error 28)"), FULL),
        (OSError(errno.EFBIG, "File too large", "/x"), "the file would be larger than the limit"),
        (PermissionError(errno.EPERM, "a", str(PATH / "b")), "the operation is not permitted"),
        (NotADirectoryError(errno.ENOTDIR, "a", str(PATH)), "a part of the path is a file"),
        (IsADirectoryError(errno.EISDIR, "a", os.fsencode(PATH)), "it is a directory"),
        (OSError(errno.ELOOP, "a", str(PATH)), "symbolic links lead in a circle"),
        (OSError(errno.ENAMETOOLONG, "a", str(PATH)), "the name is too long"),
        (OSError(errno.EISDIR, f"Cannot open {PATH}"), "it is a directory"),
    ],
)
def test_an_error_of_the_disk_names_the_path(error: Exception, reason: str) -> None:
    with pytest.raises(WriteError) as caught, write_errors(PATH):
        raise error
    assert str(caught.value).startswith(f"{PATH}: cannot be written: {reason}")
    assert str(caught.value).endswith((f"{reason}.", "for files.", "not a directory."))
    assert caught.value.facts == {"path": PATH}
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "/survey/a.fits"),
        PermissionError(errno.EACCES, "Permission denied", "/scratch/build/other.npy"),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.EIO, "Input/output error", "/survey/a.fits"),
        OSError(errno.ENOENT, f"No such file: {PATH}"),
        ConfigError("write error"),
        SafetensorError("Error while deserializing header"),
        RuntimeError("Permission denied: /survey/a.fits"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", str(PATH)),
        RuntimeError("the expanded size of the tensor must match"),
        ValueError("No space left on device"),
        OSError("image file is truncated"),
    ],
)
def test_other_errors_pass_unchanged(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, write_errors(PATH):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("text", ["100 requested and 7 written", "PytorchStreamWriter failed"])
def test_a_short_write_on_a_full_disk_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(WriteError) as caught, write_errors(tmp_path / "a"):
        raise OSError(text)
    assert str(caught.value).startswith(f"{tmp_path / 'a'}: cannot be written: ")


def test_an_error_of_the_temporary_path_names_the_final_one() -> None:
    temporary = PATH.with_name("hidden.part")
    error = PermissionError(errno.EACCES, "Permission denied", str(temporary))
    with pytest.raises(WriteError) as caught, write_errors(PATH, temporary=temporary):
        raise error
    assert str(caught.value) == f"{PATH}: cannot be written: permission denied."


def test_a_number_without_a_reason_has_that_of_the_system() -> None:
    error = write_error(PATH, errno.ENODEV)
    assert str(error) == f"{PATH}: cannot be written: {os.strerror(errno.ENODEV)}."
    assert error.errno == errno.ENODEV


def test_only_some_errors_are_certainly_of_a_write() -> None:
    of_a_write = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)
    assert all(is_caused_by_writing(OSError(number, "a")) for number in of_a_write)
    assert not is_caused_by_writing(OSError(errno.EACCES, "a"))
    assert not is_caused_by_writing(OSError("a"))
    assert not is_caused_by_writing(ValueError(errno.ENOSPC, "a"))


SHORT = "write error in f: 3 != 4"


def reason_of_a_short_write(path: Path) -> str:
    with pytest.raises(WriteError) as caught, write_errors(path):
        raise RuntimeError(SHORT)
    return str(caught.value).removeprefix(f"{path}: cannot be written: ")


@pytest.mark.parametrize(
    ("free_bytes", "reason"),
    [
        ((1 << 20) - 1, "the disk is full."),
        (1 << 20, "the disk reports an input/output error."),
    ],
)
def test_a_short_write_without_a_reason_is_explained_by_the_free_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, reason: str
) -> None:
    """The folder of the file may be missing too."""
    asked = []

    def usage(path: Path) -> object:
        asked.append(path)
        return shutil._ntuple_diskusage(1 << 40, 0, free_bytes)  # type: ignore[attr-defined]

    monkeypatch.setattr(disk_errors.shutil, "disk_usage", usage)
    assert reason_of_a_short_write(tmp_path / "none" / "a") == reason
    (tmp_path / "a").write_bytes(b"abc")
    assert reason_of_a_short_write(tmp_path / "a") == reason
    assert asked == [tmp_path, tmp_path]


def test_a_short_write_has_the_reason_of_the_next_write(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    with file_size_limit(5000):
        reason = reason_of_a_short_write(tmp_path / "a")
    assert reason == "the file would be larger than the limit for files."
    assert (tmp_path / "a").read_bytes()[:3] == b"abc"
