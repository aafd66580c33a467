"""Atomic writing: files and directories appear completely or not at all.

Each is written under a temporary name beside its final path and renamed when it is complete. So no
reader sees an incomplete file, and an interrupted run leaves none behind.
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
    """A context manager for a temporary directory that is renamed to `out` at the end.

    After an error in the `with` block the temporary directory is removed and `out` is unchanged.

    Parameters
    ----------
    out
        Final path of the directory. It may exist already if it is an empty directory.
    replace
        Replace a directory that exists at `out`, whatever it holds.

    Raises
    ------
    OutputExistsError
        Where `out` is a file, or a directory that is not empty while `replace` is false.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not replace):
        raise OutputExistsError(f"{out}: exists and is not empty.")
    temporary = temporary_path(out)
    replaced = temporary.with_suffix(".old")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if replace and out.exists():
            out.replace(replaced)
        # Without `replace` this fails where another run has filled `out` in the meantime.
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
    """A context manager for a temporary path whose file is renamed to `path` at the end.

    After an error in the `with` block the temporary file is removed and `path` is unchanged.

    Parameters
    ----------
    path
        Final path of the file. Its directory is made if it is missing.
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
    """Write a text file in UTF-8, atomically; `durable` waits until it is on the disk."""
    with new_file(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def append_text(path: Path, text: str) -> None:
    """Append text in UTF-8 to a file, such as a line to a log.

    Unlike the other functions of `galsearch.files.atomic`, this one is not atomic: a process that
    is killed may leave a part of the text at the end of the file.
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a binary file atomically."""
    with new_file(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any, *, indent: int | None = 2) -> None:
    """Write a value to a JSON file atomically, with a line break at the end."""
    write_text(path, json.dumps(value, indent=indent) + "\n")


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Write one array to a file in NumPy's `.npy` format, atomically."""
    with new_file(path) as temporary, temporary.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def write_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write named arrays to one file in NumPy's `.npz` format, atomically."""
    with new_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


@contextmanager
def new_array(
    path: Path, *, dtype: npt.DTypeLike, shape: tuple[int, ...]
) -> Iterator[npt.NDArray[Any]]:
    """A context manager for a memory-mapped array in a new `.npy` file, for the caller to fill.

    The file is renamed to `path` when the `with` block ends without an error. If an older file at
    `path` is memory-mapped, its map stays readable.
    """
    with new_file(path) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.dtype(dtype), shape=shape)
        yield array
        array.flush()


def sync(path: Path) -> None:
    """Wait until the content of a file, or the entries of a directory, are on the disk (fsync)."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def temporary_path(path: Path) -> Path:
    """A hidden path in the directory of `path` whose name contains the number of this process.

    The process number keeps two runs apart; the dot at the start keeps the file out of searches
    for complete files.
    """
    return path.absolute().with_name(f".{path.name}.{os.getpid()}.part")
