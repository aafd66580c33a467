"""Atomic writing: files appear completely or not at all.

Each is written under a temporary name beside its final path and renamed when it is complete. So no
reader sees an incomplete file, and an interrupted run leaves none behind. What a run that was
killed has left is removed when the same file is written again.
"""

import errno
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import OutputFileExistsError
from galsearch.files.disk_errors import write_errors
from galsearch.files.lock import hold_new_file, remove_unless_held

Rename = Callable[[Path, Path], object]


_CANNOT_RESERVE = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
"""Errors of file systems that cannot reserve space."""
_HEADER_BYTES, _BLOCK_BYTES = 4096, 1 << 22


def _replace(source: Path, target: Path) -> None:
    """Rename a file, in place of one that has the name."""
    source.replace(target)


@contextmanager
def new_file(path: Path, *, durable: bool = False, rename: Rename = _replace) -> Iterator[Path]:
    """A context manager for a temporary path whose file is renamed to `path` at the end.

    After an error in the `with` block the temporary file is removed and `path` is unchanged. The
    temporary file exists, and is empty, when the block begins.

    Parameters
    ----------
    path
        Final path of the file. Its directory is made if it is missing.
    durable
        Wait until the file and its name are on the disk, so that they survive a power failure.
    rename
        Gives the temporary file its final path. With `rename_to_free_name` a file that has appeared
        there meanwhile is not replaced.

    Raises
    ------
    WriteError
        Where the disk is full or read-only, or nothing may be written there.
    OutputFileExistsError
        Where a file is at `path` that may not be replaced.
    """
    with ExitStack() as stack:
        with write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(path)
            temporary = _create_temporary(path, stack)
        with write_errors(path, temporary=temporary):
            yield temporary
            if durable:
                sync(temporary)
            _give_name(temporary, path, rename)
            if durable:
                sync(path.parent)


def _give_name(temporary: Path, path: Path, rename: Rename) -> None:
    """Rename a complete temporary file to its final path."""
    try:
        rename(temporary, path)
    except FileExistsError:
        message = f"{path}: the file exists already; it appeared while this one was being made."
        raise OutputFileExistsError(message, path=path) from None


@contextmanager
def new_binary_file(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """A context manager for an open binary file that is renamed to `path` at the end.

    It is `new_file` for libraries that can write into an open file. Some of them do not notice that
    the last bytes could not be written when they close a file that they have opened themselves.
    """
    with new_file(path, durable=durable) as temporary, temporary.open("wb") as file:
        yield file


def write_text(path: Path, text: str, *, durable: bool = False, rename: Rename = _replace) -> None:
    """Write a text file in UTF-8, atomically; for `durable` and `rename` see `new_file`."""
    with new_file(path, durable=durable, rename=rename) as temporary:
        temporary.write_text(text, encoding="utf-8")


def append_text(path: Path, text: str) -> None:
    """Append text in UTF-8 to a file, such as a line to a log.

    Unlike the other functions of `galsearch.files.atomic`, this one is not atomic: a process that
    is killed may leave a part of the text at the end of the file.
    """
    with write_errors(path), path.open("a", encoding="utf-8") as file:
        file.write(text)


def write_bytes(path: Path, content: bytes | memoryview, *, rename: Rename = _replace) -> None:
    """Write a binary file atomically; for `rename` see `new_file`."""
    with new_file(path, rename=rename) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any, *, indent: int | None = 2) -> None:
    """Write a value to a JSON file atomically, with a line break at the end."""
    write_text(path, json.dumps(value, indent=indent) + "\n")


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write one array to a file in NumPy's `.npy` format, atomically."""
    with new_binary_file(path) as file:
        # Into a file of Python, NumPy writes with a C library whose last error it does not read.
        np.save(_OnlyWritten(file), array, allow_pickle=False)


class _OnlyWritten:
    """An open file of which only the method `write` is known."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write


def write_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write named arrays to one file in NumPy's `.npz` format, atomically."""
    with new_binary_file(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


@contextmanager
def new_array(
    path: Path, *, dtype: npt.DTypeLike, shape: tuple[int, ...]
) -> Iterator[npt.NDArray[Any]]:
    """A context manager for a memory-mapped array in a new `.npy` file, for the caller to fill.

    The file is renamed to `path` when the `with` block ends without an error. If an older file at
    `path` is memory-mapped, its map stays readable. Its space on the disk is reserved first,
    because a process that fills a memory map on a full disk is killed.

    Raises
    ------
    WriteError
        Where the disk has no space for the array.
    """
    with new_file(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.dtype(dtype), shape=shape)
        _reserve_space(temporary)
        yield array
        array.flush()


def sync(path: Path) -> None:
    """Wait until the content of a file, or the entries of a directory, are on the disk (fsync)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _reserve_space(path: Path) -> None:
    """Reserve the space on the disk for every byte of a file, which has its final size already."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except (AttributeError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in _CANNOT_RESERVE:
                raise
            # The file is new, so writing zeros changes nothing in it but its header.
            header = file.read(_HEADER_BYTES)
            file.seek(0)
            file.write(header)
            for start in range(len(header), size, _BLOCK_BYTES):
                file.write(bytes(min(_BLOCK_BYTES, size - start)))


def _create_temporary(path: Path, stack: ExitStack) -> Path:
    """A new, empty file with a hidden name beside `path`, which is removed as `stack` is closed.

    Until then other processes do not take the file for a leftover. Its removal is arranged before
    the file is made, because a signal may end the command between any two lines.
    """
    while True:
        temporary = path.absolute().with_name(f".{path.name}.{secrets.token_hex(6)}.part")
        stack.callback(_remove_temporary, temporary)
        handle = hold_new_file(temporary)
        if handle is not None:
            stack.callback(os.close, handle)
            return temporary


def _remove_temporary(path: Path) -> None:
    # The system may refuse to remove even a missing file, such as on a read-only disk.
    with suppress(OSError):
        path.unlink()


def _remove_leftovers(path: Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote `path`."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\d+|[0-9a-f]{{12}})\.part")
    for found in path.absolute().parent.iterdir():
        if found.name.endswith(".part") and pattern.fullmatch(found.name):
            remove_unless_held(found)
