"""The folder in which the processes of a service share their measurements while it runs."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from galsearch.core.errors import GalsearchError
from galsearch.files.lock import exclusive_lock, hold_new_file

_PREFIX = "galsearch-metrics-"
_HELD = "held"
"""File of a folder that the service holds while it runs; who is killed holds nothing."""


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """A new folder, which is removed at the end with those of services that were killed."""
    while True:
        with tempfile.TemporaryDirectory(prefix=_PREFIX) as name:
            folder = Path(name)
            handle = hold_new_file(folder / _HELD)
            if handle is None:  # a service that began took it for a leftover
                continue
            try:
                _remove_leftovers(folder)
                yield folder
            finally:
                os.close(handle)
            return


def _remove_leftovers(own: Path) -> None:
    """Remove the folders of this user beside `own` that no service holds."""
    for folder in own.parent.glob(f"{_PREFIX}*"):
        # What cannot be removed does no harm.
        with suppress(GalsearchError, OSError):
            is_mine = folder.lstat().st_uid == own.stat().st_uid and not folder.is_symlink()
            if is_mine and (folder / _HELD).is_file():
                with exclusive_lock(folder / _HELD):
                    shutil.rmtree(folder)
