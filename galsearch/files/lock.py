"""Locks on files: one writer at a time, and readers that keep files from being removed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galsearch.core.errors import LockedError

try:
    import fcntl
except ImportError:
    # Windows has no fcntl. Every file counts as held there, so superseded files are kept.
    fcntl = None  # type: ignore[assignment]


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """A context manager that holds the lock file at `path`, so that no other process can hold it.

    Where the file system has no locks (Lustre mounted with `noflock`), the existence of a file
    `<name>.soft` is the lock.

    Raises
    ------
    LockedError
        Where another process holds the lock.
    """
    # filelock is imported here, because only changes of an index need it, and a query starts
    # faster without it.
    from filelock import FileLock, SoftFileLock, Timeout

    lock: FileLock | SoftFileLock = FileLock(path, timeout=0)
    try:
        try:
            lock.acquire()
        except (NotImplementedError, OSError) as error:
            if isinstance(error, Timeout):
                raise
            lock = SoftFileLock(path.with_name(f"{path.name}.soft"), timeout=0)
            lock.acquire()
    except Timeout:
        raise LockedError(f"{path.parent}: another process is changing this directory.") from None
    try:
        yield
    finally:
        lock.release()


def hold_for_reading(path: Path) -> int:
    """An open file descriptor of `path`; while it is open, `is_held(path)` is true.

    The caller closes it with `os.close`. On a file system without locks, `is_held` is always true.
    """
    handle = os.open(path, os.O_RDONLY)
    share_lock(handle)
    return handle


def share_lock(handle: int) -> None:
    """Lock an open file for reading, until its descriptor is closed; see `hold_for_reading`."""
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:
        # On a file system without locks `is_held` is always true, so no file is removed while it
        # is read.
        return


def is_held(path: Path) -> bool:
    """True where a process holds the file for reading, and always on file systems without locks."""
    if not path.is_file():
        return False
    if fcntl is None:
        return True
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
