"""Locks, threads and devices of a process, and their use in processes that are forked from it.

A forked process (`os.fork`, and `multiprocessing` with the start method `fork`) has a copy of the
memory of its parent and only one of its threads. The threads of a library are missing, so the
library waits for them for ever, and a lock that another thread held stays locked.
"""

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from galsearch.core.errors import ForkedProcessError

_LOCKS: "weakref.WeakSet[ForkSafeLock]" = weakref.WeakSet()
_begun: set[str] = set()
"""Names of the devices and libraries that this process has begun to use."""
_lost: set[str] = set()
"""Names that the parent of this process had begun to use, and this process cannot use."""
_after_fork: dict[str, Callable[[], None]] = {}


class ForkSafeLock:
    """A lock between threads that is free in a forked process, whoever held it in the parent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        _LOCKS.add(self)

    def __enter__(self) -> None:
        """Wait until the lock is free, and take it."""
        self._lock.acquire()

    def __exit__(self, *_: Any) -> None:
        """Free the lock."""
        if self._lock.locked():
            self._lock.release()

    def renew(self) -> None:
        """Replace the lock by a new one, which is free."""
        self._lock = threading.Lock()


def begin(name: str) -> None:
    """Note that this process uses something that its forked processes cannot use.

    Raises
    ------
    ForkedProcessError
        Where this process was forked from one that had begun to use it.
    """
    if name in _lost:
        raise ForkedProcessError(
            f"{name} cannot be used in process {os.getpid()}, which was forked from a process that "
            f"had used {name} before: its threads and devices are not in a forked process."
        )
    _begun.add(name)


def after_fork(name: str, function: Callable[[], None]) -> None:
    """Call a function at the beginning of every forked process; a later one replaces it."""
    _after_fork[name] = function


def _in_child() -> None:
    _lost.update(_begun)
    for lock in list(_LOCKS):
        lock.renew()
    for function in _after_fork.values():
        function()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
