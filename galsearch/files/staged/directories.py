"""Whole directories that appear at their path complete, or not at all.

A directory is written under a hidden name beside its path and takes its place in one step. While
that happens, its path is locked: nobody else can make or replace a directory there. So whatever a
run that was killed has left beside the path can be removed by the next one.
"""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import (
    ChangedMeanwhileError,
    OutputExistsError,
    UnusableOutputError,
    WriteError,
)
from galsearch.files.atomic import sync
from galsearch.files.disk_errors import write_errors
from galsearch.files.lock import exclusive_lock
from galsearch.files.staged.exchange import exchange, rename_to_free_name

_SYNC_THREADS = 8
"""Files that are synced to the disk at a time; a disk writes them together."""
_State = dict[str, tuple[int, ...]]
"""The files and directories in a directory, by relative path, with numbers that change when they
do."""


def _refuse(out: Path) -> None:
    raise OutputExistsError(f"{out}: exists and is not empty.")


@contextmanager
def new_directory(
    out: Path, *, check: Callable[[Path], None] = _refuse, lock_name: str | None = None
) -> Iterator[Path]:
    """A context manager for a temporary directory that takes the place of `out` at the end.

    After an error in the `with` block the temporary directory is removed and `out` is unchanged. A
    symbolic link at `out` is followed: its target is made or replaced, and the link stays. A
    directory that is replaced must be as it was at the start; whatever has appeared or changed
    meanwhile is left alone, and the temporary directory is removed. The permissions of the
    directory that is replaced are kept.

    Parameters
    ----------
    out
        Final path of the directory. It may exist already if it is an empty directory.
    check
        Raises an error where the file or the directory with content at its argument must not be
        replaced; by default none may be.
    lock_name
        Name of the lock file, inside a directory that is replaced, which its other writers hold.

    Raises
    ------
    OutputExistsError
        Where something is at `out` that must not be replaced, or appears there meanwhile.
    ChangedMeanwhileError
        Where the directory that is to be replaced has been changed meanwhile.
    UnusableOutputError
        Where `out` is the current directory or holds it, is a mount point, or lies in a file.
    LockedError
        Where another process is making or changing this directory.
    WriteError
        Where the disk is full, or nothing may be written beside `out`.
    """
    target = _resolve(out)
    with _parents_of(target, out), _lock_beside(target, out):
        _remove_leftovers(target)
        _check(target, out, check)
        with _lock_inside(target, out, lock_name):
            _check(target, out, check)
            temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
            staged = _Staged(out.absolute(), target, temporary, _state(target))
            try:
                with _final_path_in_errors(temporary, out), write_errors(out, temporary=temporary):
                    temporary.mkdir()
                    yield temporary
                    staged.publish()
            finally:
                staged.remove()


def restore_interrupted(out: Path) -> None:
    """Put back the directory that an interrupted exchange has left beside `out`, if there is one.

    Raises
    ------
    LockedError
        Where another process is making or changing this directory.
    """
    if interrupted_exchange(out) is not None:
        target = _resolve(out)
        with _lock_beside(target, out):
            _remove_leftovers(target)


def interrupted_exchange(out: Path) -> Path | None:
    """The directory that was at `out` before a process died while it replaced it.

    None where there is none, and where something is at `out`. Where the system exchanges
    directories in one step there never is one.
    """
    target = out.resolve()
    if os.path.lexists(target):
        return None
    found = [path for path in _leftovers(target) if path.suffix == ".old"]
    return max(found, key=lambda path: path.stat().st_ctime_ns, default=None)


@dataclass
class _Staged:
    """A directory that is being written, and what was at its final path when that began."""

    out: Path
    target: Path
    temporary: Path
    before: _State | None
    is_ours: bool = True
    """False while the temporary name belongs to a directory that somebody else has written."""

    def publish(self) -> None:
        """Let the temporary directory take the place of the target."""
        if self.out.resolve() != self.target:
            raise ChangedMeanwhileError(
                f"{self.out}: leads to {self.out.resolve()} now, and led to {self.target} before. "
                "Nothing was written."
            )
        if self.before is not None and self.target.is_dir():
            _keep_permissions(self.target, self.temporary)
        _sync_tree(self.temporary)
        if self.before is None or not os.path.lexists(self.target):
            self._take_free_name()
        else:
            self._exchange(self.before)
        sync(self.target.parent)

    def remove(self) -> None:
        """Remove what has the temporary name, unless it is somebody else's."""
        if self.is_ours:
            shutil.rmtree(self.temporary, ignore_errors=True)

    def _take_free_name(self) -> None:
        try:
            rename_to_free_name(self.temporary, self.target)
        except OSError:
            if not os.path.lexists(self.target):
                raise
            raise OutputExistsError(
                f"{self.out}: appeared while it was being made. It was left as it is, and nothing "
                "was written."
            ) from None

    def _exchange(self, before: _State) -> None:
        changed = ChangedMeanwhileError(
            f"{self.out}: was changed while its replacement was being made. It was left as it is, "
            "and nothing was written."
        )
        if _state(self.target) != before:
            raise changed
        aside = self.temporary.with_suffix(".old")
        self.is_ours = False
        exchange(self.temporary, self.target, aside=aside)
        # Something may have been written between the comparison and the exchange.
        if _state(self.temporary) != before:
            exchange(self.temporary, self.target, aside=aside)
            self.is_ours = True
            raise changed
        self.is_ours = True


def _resolve(out: Path) -> Path:
    """The absolute path of a directory that is to be made or replaced, without symbolic links."""
    try:
        target = out.resolve()
        here = Path.cwd()
    except (OSError, RuntimeError) as error:
        raise UnusableOutputError(f"{out}: leads nowhere ({error}).", path=out) from None
    reason = None
    if target in (here, *here.parents):
        reason = "is the current directory or holds it, and cannot be replaced"
    elif target.is_mount():
        reason = "is a mount point and cannot be replaced"
    elif out.is_symlink() and not target.parent.is_dir():
        reason = f"is a symbolic link to {target}, and there is no directory {target.parent}"
    else:
        above = next(path for path in target.parents if os.path.lexists(path))
        if not above.is_dir():
            reason = f"cannot be made, because {above} is a file"
    if reason is not None:
        raise UnusableOutputError(f"{out}: {reason}.", path=out)
    return target


def _check(target: Path, out: Path, check: Callable[[Path], None]) -> None:
    """Check that `target` is missing, an empty directory, or may be replaced."""
    if _has_content(target):
        check(out)
        if not target.is_dir():
            _refuse(out)


def _has_content(target: Path) -> bool:
    """True where there is a file, or a directory that is not empty."""
    return os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir()))


@contextmanager
def _parents_of(target: Path, out: Path) -> Iterator[None]:
    """A context in which the directories above `target` exist.

    After an error those that were made are removed again.
    """
    made = [path for path in target.parents if not path.exists()]
    with write_errors(out, temporary=target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for path in made:
            with suppress(OSError):
                path.rmdir()
        raise


def _lock_beside(target: Path, out: Path) -> AbstractContextManager[object]:
    """A context that holds the lock of everybody who makes or replaces the directory `target`."""
    path = target.with_name(f".{target.name}.lock")
    return exclusive_lock(path, guarded=out, temporary=True)


def _lock_inside(target: Path, out: Path, name: str | None) -> AbstractContextManager[object]:
    """A context that holds the lock of those who change the content of `target`, if it has any."""
    if name is None or not _has_content(target):
        return nullcontext()
    return exclusive_lock(target / name, guarded=out)


def _leftovers(target: Path) -> list[Path]:
    """The directories that runs which made or replaced `target` have left beside it."""
    # Older versions had the number of the process in the name.
    pattern = re.compile(rf"\.{re.escape(target.name)}\.(\d+|[0-9a-f]{{12}})\.(part|old)")
    try:
        found = [path for path in target.parent.iterdir() if pattern.fullmatch(path.name)]
    except OSError:
        return []
    return [path for path in found if path.is_dir() and not path.is_symlink()]


def _remove_leftovers(target: Path) -> None:
    """Remove what runs that were killed have left; the caller holds the lock beside `target`.

    Where there is nothing at `target`, the directory that an interrupted exchange has put aside is
    put back.
    """
    aside = interrupted_exchange(target)
    if aside is not None:
        rename_to_free_name(aside, target)
    for path in _leftovers(target):
        shutil.rmtree(path, ignore_errors=True)


def _state(directory: Path) -> _State | None:
    """Identity, size and time of everything in a directory; None where there is nothing."""
    if not os.path.lexists(directory):
        return None
    found = directory.lstat()
    state: _State = {"": (found.st_dev, found.st_ino)}
    for path in directory.rglob("*"):
        with suppress(FileNotFoundError):
            found = path.lstat()
            state[path.relative_to(directory).as_posix()] = (
                (found.st_ino, found.st_mode)
                if path.is_dir()
                else (found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns)
            )
    return state


def _keep_permissions(target: Path, temporary: Path) -> None:
    """Give a directory the owner, group and permissions of the one that it will replace."""
    found, own = target.stat(), temporary.stat()
    if (found.st_uid, found.st_gid) != (own.st_uid, own.st_gid):
        with suppress(PermissionError):
            os.chown(temporary, found.st_uid, found.st_gid)
    shutil.copystat(target, temporary)
    os.utime(temporary)


def _sync_tree(directory: Path) -> None:
    """Wait until a directory and everything in it are on the disk."""
    paths = [path for path in directory.rglob("*") if not path.is_symlink()]
    with ThreadPoolExecutor(_SYNC_THREADS) as pool:
        list(pool.map(sync, [*paths, directory]))


@contextmanager
def _final_path_in_errors(temporary: Path, out: Path) -> Iterator[None]:
    """A context in which an error of writing names the final path, not the temporary one."""
    try:
        yield
    except WriteError as error:
        if str(temporary) not in str(error):
            raise
        renamed = WriteError(str(error).replace(str(temporary), str(out)), path=out)
        renamed.errno = error.errno
        raise renamed from error
