"""Every way of saying that a disk is full becomes one error with the path."""

import errno
import os
from pathlib import Path

import pytest

from galsearch.core.errors import WriteError
from galsearch.files.disk_errors import write_errors

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
    ],
)
def test_an_error_of_the_disk_names_the_path(error: Exception, reason: str) -> None:
    with pytest.raises(WriteError) as caught, write_errors(PATH):
        raise error
    assert str(caught.value) == f"{PATH}: cannot be written: {reason}."


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", "/survey/a.fits"),
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
