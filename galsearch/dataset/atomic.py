"""Files and directories that are whole or absent: made beside their place, then renamed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galsearch.core.errors import DatasetError


@contextmanager
def new_directory(out: Path) -> Iterator[Path]:
    """A fresh directory beside `out` that becomes `out` when the block ends without an error.

    After an error it is removed, and `out` is as it was.

    Raises
    ------
    DatasetError
        Where `out` is a file or a directory that is not empty.
    """
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise DatasetError(f"{out} exists and is not empty: remove it or name another directory.")
    temporary = _beside(out)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        temporary.replace(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; what is written there replaces `path` when the block ends.

    After an error it is removed, and `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    # The process number keeps two runs apart; the dot keeps it out of a glob for whole files.
    return path.absolute().with_name(f".{path.name}.{os.getpid()}.part")
