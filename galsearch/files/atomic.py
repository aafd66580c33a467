"""Files and directories that are written completely or not at all.

Each is written under a temporary name beside its final place and renamed when it is complete, so
that a reader, and a run that was interrupted, never meets half a file.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import OutputExistsError


@contextmanager
def new_directory(out: Path, *, replace: bool = False) -> Iterator[Path]:
    """A fresh directory that becomes `out` when the block ends without an error.

    After an error it is removed, and `out` is as it was.

    Parameters
    ----------
    out
        May exist where it is an empty directory.
    replace
        Put the new directory in the place of the old one, whatever that holds.

    Raises
    ------
    OutputExistsError
        Where `out` is a file, or a directory that is not empty and not to be replaced.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not replace):
        raise OutputExistsError(f"{out}: exists and is not empty.")
    temporary = temporary_path(out)
    replaced = temporary.with_suffix(".old")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if out.exists():
            out.replace(replaced)
        temporary.replace(out)
    except BaseException:
        if replaced.exists() and not out.exists():
            replaced.replace(out)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)


@contextmanager
def new_file(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary path; what is written there replaces `path` when the block ends.

    After an error it is removed, and `path` is as it was.

    Parameters
    ----------
    path
        Its directory is made where it is missing.
    durable
        Wait until the file and its name are on the disk, so that they survive a power failure.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    try:
        yield temporary
        if durable:
            sync(temporary)
        temporary.replace(path)
        if durable:
            sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, durable: bool = False) -> None:
    """Write a text file in UTF-8."""
    with new_file(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def append_text(path: Path, text: str) -> None:
    """Append text in UTF-8 to a file, such as a line to a log.

    This is the one function here that is not atomic: a process that is killed may leave a part of
    the text at the end of the file.
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a file of these bytes."""
    with new_file(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any, *, indent: int | None = 2) -> None:
    """Write a value as JSON with a line break at the end."""
    write_text(path, json.dumps(value, indent=indent) + "\n")


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write one array in NumPy's `.npy` format."""
    with new_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write named arrays in NumPy's `.npz` format."""
    with new_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


@contextmanager
def new_array(
    path: Path, *, dtype: npt.DTypeLike, shape: tuple[int, ...]
) -> Iterator[npt.NDArray[Any]]:
    """A new array in a `.npy` file, memory-mapped, to be filled while the block runs.

    The file takes its place when the block ends without an error. An older file at `path` that
    is memory-mapped stays readable through its map.
    """
    with new_file(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.dtype(dtype), shape=shape)
        yield array
        array.flush()


def sync(path: Path) -> None:
    """Wait until a file, or the list of names in a directory, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def temporary_path(path: Path) -> Path:
    """A name beside `path` that is hidden and carries the number of this process.

    The process number keeps two runs apart; the dot at the start keeps the file out of searches
    for complete files.
    """
    return path.absolute().with_name(f".{path.name}.{os.getpid()}.part")
