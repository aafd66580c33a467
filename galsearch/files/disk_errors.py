"""Errors of the disk while something is written: one class of error, which names the path.

NumPy, pyarrow, FAISS, torch and safetensors each report a full disk in their own way: as an
`OSError` with or without a number, as a `RuntimeError`, or as an error class of their own. Each of
them becomes a `WriteError` here.
"""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galsearch.core.errors import GalsearchError, WriteError

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "the operation is not permitted",
    errno.EFBIG: "the file would be larger than the limit for files",
    errno.EIO: "the disk reports an input/output error",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOTDIR: "a part of the path is a file, not a directory",
    errno.EISDIR: "it is a directory",
    errno.ELOOP: "symbolic links lead in a circle",
}
"""The reasons, by number of the error, for which a path cannot be written."""
_ALWAYS_OF_A_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
"""Errors that no reading can cause, so whatever file they name could not be written."""
_SHORT_WRITE = re.compile(
    r"requested and \d+ written|PytorchStreamWriter failed|write error|unexpected pos"
)
"""Texts by which NumPy, torch and FAISS report that less was written than was asked for."""
_FULL_BELOW_BYTES = 1 << 20
"""Free space in bytes below which a disk counts as full, where a library gives no reason."""


@contextmanager
def write_errors(path: Path, *, temporary: Path | None = None) -> Iterator[None]:
    """A context in which an error of the disk becomes a `WriteError` that names `path`.

    Every other error passes unchanged.

    Parameters
    ----------
    path
        The file or directory that is written, for the message.
    temporary
        The path that is really written, where it is another one.

    Raises
    ------
    WriteError
        Where the disk is full or read-only, a quota is used up, or permission is denied.
    """
    try:
        yield
    except GalsearchError:
        raise
    except Exception as error:
        number = _disk_error(error, [path.absolute(), (temporary or path).absolute()])
        if number is None:
            raise
        raise write_error(path, number) from error


def write_error(path: Path, number: int) -> WriteError:
    """The error that says that `path` cannot be written, for the reason with this `errno`."""
    reason = _REASONS.get(number, os.strerror(number))
    error = WriteError(f"{path}: cannot be written: {reason}.", path=path)
    error.errno = number
    return error


def is_caused_by_writing(error: Exception) -> bool:
    """True for an error of the system that no reading can cause, such as that of a full disk."""
    return isinstance(error, OSError) and error.errno in _ALWAYS_OF_A_WRITE


def _disk_error(error: Exception, paths: list[Path]) -> int | None:
    """Number of the error of the disk that an exception reports; None where it reports another.

    `paths` are those that are written.
    """
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno if _is_of_a_write(error.errno, error, paths) else None
    if not isinstance(error, (OSError, RuntimeError)) and type(error).__name__ != "SafetensorError":
        return None
    text = str(error)
    for number in _REASONS:
        stated = os.strerror(number) in text or f"(os error {number})" in text
        if stated and _is_of_a_write(number, error, paths):
            return number
    if _SHORT_WRITE.search(text):
        full = errno.ENOSPC if _is_full(paths[1]) else errno.EIO
        return _error_of_next_write(paths[1]) or full
    return None


def _error_of_next_write(temporary: Path) -> int | None:
    """Number of the error that the system reports when more is written to a temporary file.

    None where more can be written. This is the reason that a library has not passed on.
    """
    try:
        with temporary.open("r+b", buffering=0) as file:
            file.seek(0, os.SEEK_END)
            n_written = 0
            while n_written < _FULL_BELOW_BYTES:
                n_written += file.write(bytes(_FULL_BELOW_BYTES - n_written))
    except OSError as error:
        return error.errno if error.errno in _ALWAYS_OF_A_WRITE else None
    return None


def _is_of_a_write(number: int, error: Exception, paths: list[Path]) -> bool:
    """True where an error with this number comes from writing the paths, not from reading."""
    if number in _ALWAYS_OF_A_WRITE:
        return True
    name = getattr(error, "filename", None)
    if name is None and number == errno.EIO:
        # Neither a failed read nor a failed write of an open file names the file. The message that
        # these paths cannot be written, because of an error of the disk, is true of both.
        return True
    if name is None:
        return number in _REASONS and any(str(path) in str(error) for path in paths)
    named = Path(os.fsdecode(name)).absolute()
    return number in _REASONS and any(
        named.is_relative_to(path) or path.is_relative_to(named) for path in paths
    )


def _is_full(path: Path) -> bool:
    folder = next((parent for parent in path.parents if parent.is_dir()), None)
    return folder is not None and shutil.disk_usage(folder).free < _FULL_BELOW_BYTES
