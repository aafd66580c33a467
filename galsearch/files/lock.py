"""Locks on files: one writer at a time, and readers that keep files from being removed."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import LockedError, UnusableOutputError
from galsearch.files.disk_errors import write_errors

try:
    import fcntl
except ImportError:
    # Windows has no fcntl. Every file counts as held there, so superseded files are kept.
    fcntl = None  # type: ignore[assignment]

_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
"""Errors of a file system that has no locks, such as Lustre mounted with `noflock`."""
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
"""Errors of a lock that somebody else holds."""


@dataclass(frozen=True)
class HeldLock:
    """A lock file that this process holds."""

    path: Path
    handle: int | None
    """Open file descriptor of the lock file; None on a system without such locks."""

    def is_in_place(self) -> bool:
        """True while `path` names the very file that is locked.

        It no longer does after the directory of the lock was removed, renamed or exchanged.
        """
        try:
            found = self.path.stat()
        except OSError:
            return False
        return self.handle is None or os.path.samestat(found, os.fstat(self.handle))


@contextmanager
def exclusive_lock(
    path: Path, *, guarded: Path | None = None, temporary: bool = False
) -> Iterator[HeldLock]:
    """A context manager that holds the lock file at `path`, so that nobody else can hold it.

    Two threads of one process exclude each other too. A process that dies loses its locks. Where
    the file system has no locks (Lustre mounted with `noflock`), the existence of a file
    `<name>.soft` is the lock.

    Parameters
    ----------
    path
        The lock file; it is made where it is missing.
    guarded
        The directory that the lock guards, for messages; by default the directory of `path`.
    temporary
        Remove the lock file at the end.

    Raises
    ------
    LockedError
        Where another process holds the lock.
    WriteError
        Where the lock file cannot be made.
    """
    guarded = path.parent if guarded is None else guarded
    with write_errors(guarded, temporary=path):
        handle = _open_locked(path, guarded)
    if handle is None:
        if temporary and fcntl is not None:
            # Made by the attempt to lock it; the lock is another file.
            with suppress(OSError):
                path.unlink()
        with _soft_lock(path, guarded):
            yield HeldLock(path.with_name(f"{path.name}.soft"), None)
        return
    held = HeldLock(path, handle)
    try:
        yield held
    finally:
        if temporary and held.is_in_place():
            # A file that stays, because the disk refuses to remove it, is no lock.
            with suppress(OSError):
                path.unlink()
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


@contextmanager
def locked_directory(directory: Path, lock_name: str) -> Iterator[None]:
    """A context in which no other process writes into a directory that a later run may continue.

    The directory is made where it is missing, and removed again after an error if it is empty.

    Parameters
    ----------
    directory
        The directory.
    lock_name
        Name of the lock file in it, which is removed at the end.

    Raises
    ------
    LockedError
        Where another process writes into the directory.
    UnusableOutputError
        Where something else than a directory is there.
    WriteError
        Where nothing may be written there.
    """
    made = [path for path in (directory, *directory.parents) if not path.exists()]
    try:
        with ExitStack() as stack:
            _make_and_lock(directory, directory / lock_name, stack)
            yield
    except BaseException:
        for path in made:
            with suppress(OSError):
                path.rmdir()
        raise


def _make_and_lock(directory: Path, lock: Path, stack: ExitStack) -> None:
    """Make a directory where it is missing, and hold a lock file in it until `stack` is closed."""
    while True:
        try:
            with write_errors(directory):
                directory.mkdir(parents=True, exist_ok=True)
            stack.enter_context(exclusive_lock(lock, guarded=directory, temporary=True))
        except FileExistsError:
            message = f"{directory}: is not a directory, or leads to none."
            raise UnusableOutputError(message, path=directory) from None
        except FileNotFoundError:
            # Another process that failed has removed the directory between the two calls.
            continue
        else:
            return


def _open_locked(path: Path, guarded: Path) -> int | None:
    """An open and locked file descriptor of a lock file; None where there are no locks."""
    if fcntl is None:
        return None
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno in _HELD:
                raise _locked(guarded) from None
            if error.errno in _NO_LOCKS:
                return None
            raise
        # Between the two calls the holder of before may have removed the file, or exchanged its
        # directory. Then others would lock another file under this name.
        if HeldLock(path, handle).is_in_place():
            return handle
        os.close(handle)


@contextmanager
def _soft_lock(path: Path, guarded: Path) -> Iterator[None]:
    """A context in which the existence of a file is the lock."""
    # filelock is imported here, because only file systems without locks need it.
    from filelock import FileLock, SoftFileLock, Timeout

    soft = path.with_name(f"{path.name}.soft")
    lock = FileLock(path, timeout=0) if fcntl is None else SoftFileLock(soft, timeout=0)
    try:
        with write_errors(guarded, temporary=soft):
            lock.acquire()
    except Timeout:
        raise _locked(guarded) from None
    try:
        yield
    finally:
        lock.release()


def _locked(guarded: Path) -> LockedError:
    return LockedError(f"{guarded}: another process is changing this directory.")


def write_note(path: Path, note: str) -> None:
    """Replace the content of a lock file that this process holds by one line of text.

    The file stays the one that is locked, and the text is on the disk afterwards. A process that is
    killed may leave a part of the text.
    """
    with path.open("r+b") as file:
        file.write(note.encode())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


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


def hold_new_file(path: Path) -> int | None:
    """An open file descriptor of a new, empty file at `path`, which is held while it is open.

    None where another process has removed the file in the meantime, taking it for a leftover.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path, flags, 0o666)
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD:
                os.close(handle)
                return None
    if HeldLock(path, handle).is_in_place():
        return handle
    os.close(handle)
    return None


def remove_unless_held(path: Path) -> None:
    """Remove a file that no process holds; without locks every file counts as held."""
    if fcntl is None:
        return
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if HeldLock(path, handle).is_in_place():
            path.unlink()
    except OSError:
        # Somebody holds the file, or has removed it, or may remove it and this process may not.
        return
    finally:
        os.close(handle)


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
