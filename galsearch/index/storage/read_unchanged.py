"""Reading an index that other processes may change or replace at any moment."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from galsearch.core.errors import GalsearchError, IndexChangedError, ManifestError
from galsearch.files.held_files import OpenDirectory
from galsearch.files.staged.directories import interrupted_exchange
from galsearch.index.storage.latest_generation import check_latest
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest
from galsearch.index.storage.manifest_json import no_index_error, read_manifest

MAX_ATTEMPTS = 100
"""How often a reading is begun; another time only where the index was changed during the last."""
_PAUSE_SECONDS = 0.01
_Identity = tuple[int, ...]

T = TypeVar("T")


def read_unchanged(directory: Path, read: Callable[[OpenDirectory, IndexManifest], T]) -> T:
    """The result of a function that reads an index, all of it from one build at one generation.

    The directory is opened once and its files are opened relative to it. If something disagrees,
    and the directory or its manifest was replaced meanwhile, the reading begins again.

    Parameters
    ----------
    directory
        Directory of the index.
    read
        Gets the open directory and the manifest in it.

    Raises
    ------
    NoIndexError
        Where the directory holds no index, also where its replacement was interrupted.
    ManifestError
        Where the index cannot be read, or whatever else `read` raises, and nothing has changed.
    IndexChangedError
        Where the index was changed during each of `MAX_ATTEMPTS` readings.
    """
    for _ in range(MAX_ATTEMPTS):
        before = None
        try:
            with OpenDirectory(directory) as opened:
                before = _identity(opened)
                manifest = read_manifest(opened.path, open_file=opened.open_file)
                check_latest(opened, manifest)
                return read(opened, manifest)
        except (ManifestError, OSError) as error:
            if not _has_changed(directory, before):
                raise _reading_error(error, directory) from None
        time.sleep(_PAUSE_SECONDS)
    if interrupted_exchange(directory) is not None:
        raise no_index_error(directory)
    raise IndexChangedError(
        f"{directory}: was changed or replaced during each of {MAX_ATTEMPTS} attempts to read it.",
        directory=directory,
    )


def _identity(opened: OpenDirectory) -> _Identity:
    """Numbers that differ between builds and between generations of one."""
    with opened.open_file(opened.path / MANIFEST_NAME) as file:
        found = os.fstat(file.fileno())
    return (*opened.identity, found.st_ino, found.st_size, found.st_mtime_ns)


def _has_changed(directory: Path, before: _Identity | None) -> bool:
    """True where an index may be read that is not the one of before, now or in a moment.

    On file systems that cannot exchange two directories there is none for a moment; the old one
    has a hidden name then.
    """
    try:
        with OpenDirectory(directory) as opened:
            return _identity(opened) != before
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        path = directory.absolute()
        is_aside = interrupted_exchange(path) is not None
        # The new index may have appeared since the directory was opened.
        return is_aside or (path / MANIFEST_NAME).is_file()
    except OSError:
        return False


def _reading_error(error: Exception, directory: Path) -> Exception:
    """The error to raise for one that a reading has met."""
    if isinstance(error, GalsearchError):
        return error
    if not (directory / MANIFEST_NAME).is_file() and not isinstance(error, PermissionError):
        return no_index_error(directory)
    return ManifestError(f"{directory}: cannot be read ({error}).", directory=directory)
