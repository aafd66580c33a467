"""A limit on the size of files, at which every library that writes fails, as on a full disk."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import WriteError

REASON = "cannot be written: the file would be larger than the limit for files."


@contextmanager
def file_size_limit(n_bytes: int) -> Iterator[None]:
    """A context in which this process cannot write a file of more than `n_bytes` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def check_failing_writes(write: Callable[[], object], out: Path, n_limits: int = 6) -> None:
    """Check that `write` fails with a message for limits below its largest file, and succeeds then.

    After a failure the directory of `out` must be as it was.
    """
    before = contents(out.parent)
    # Half of the limits are those of the smallest files, which are written last.
    for n_bytes in (0, *np.geomspace(64, 64 * 4**n_limits, n_limits).astype(int)):
        message = _message_of_failure(write, int(n_bytes))
        if message is None:
            assert n_bytes, "files were written although none may be"
            return
        assert message.startswith(str(out)), message
        assert message.endswith(REASON), message
        assert ".part" not in message, message
        assert contents(out.parent) == before
    pytest.fail(f"files of {n_bytes} bytes are not enough")


def _message_of_failure(write: Callable[[], object], n_bytes: int) -> str | None:
    try:
        with file_size_limit(n_bytes):
            write()
    except WriteError as error:
        return str(error)
    return None


def contents(directory: Path) -> dict[str, bytes]:
    """The files under a directory, without lock files, by relative path."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in directory.rglob("*")
        if path.suffix != ".lock"
    }
