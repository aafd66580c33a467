"""Renaming of directories in one step: two are exchanged, or one takes a name that is free.

On Linux the kernel does both (`renameat2`). Elsewhere, and on file systems that cannot, an exchange
is three renames, between which nothing has the name for a moment.
"""

import ctypes
import errno
import os
from functools import cache
from pathlib import Path
from typing import Any

_NO_REPLACE, _EXCHANGE = 1, 2
_AT_THE_CURRENT_DIRECTORY = -100
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP}


def rename_to_free_name(source: Path, target: Path) -> None:
    """Rename a file or a directory to `target`, at which there must be nothing.

    Raises
    ------
    FileExistsError
        Where something is at `target`.
    """
    if _renameat2(source, target, _NO_REPLACE):
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
    source.rename(target)


def exchange(new: Path, old: Path, *, aside: Path) -> None:
    """Exchange two directories: afterwards each has the name that the other had.

    Where the system cannot do so in one step, `old` is renamed to `aside` first. A process that
    dies before `new` has taken its place leaves it there.

    Parameters
    ----------
    new, old
        The directories; both must exist.
    aside
        A free name in the same directory.
    """
    if _renameat2(new, old, _EXCHANGE):
        return
    old.rename(aside)
    try:
        new.rename(old)
    except BaseException:
        aside.rename(old)
        raise
    aside.rename(new)


def _renameat2(source: Path, target: Path, flags: int) -> bool:
    """Rename with the flags of Linux; False where the system or the file system cannot."""
    function = _system_function()
    if function is None:
        return False
    here = _AT_THE_CURRENT_DIRECTORY
    if function(here, os.fsencode(source), here, os.fsencode(target), flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), os.fspath(source), None, os.fspath(target))


@cache
def _system_function() -> Any:
    """The function `renameat2` of the C library; None where it has none."""
    try:
        return ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return None
