"""The record of the latest generation of an index, by which an older manifest is noticed.

The files of an index are kept for as long as some state needs them. So an older `manifest.json` of
the same index that is put back, for example from a backup, may find all of its files, and removed
galaxies would return. The lock file of the writers therefore records the latest generation. Where
the whole directory is restored, its lock file is restored with it.
"""

import re
from contextlib import suppress
from pathlib import Path

from galsearch.core.errors import ManifestError
from galsearch.files.held_files import OpenDirectory
from galsearch.files.lock import write_note
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest

LOCK_NAME = "growing.lock"
"""Lock file in the directory of an index, which whoever changes the index holds."""
_LONGEST_RECORD_BYTES = 1000
_RECORD = re.compile(r"generation (\d{1,18}) of the index built (\S+)\n")


def record_generation(directory: Path, manifest: IndexManifest) -> None:
    """Record that a generation has taken effect; the caller holds the lock of the index.

    An index whose generation cannot be recorded, for example on a full disk, is whole all the same.
    """
    note = f"generation {manifest.generation} of the index built {manifest.created}\n"
    with suppress(OSError):
        write_note(directory / LOCK_NAME, note)


def check_latest(opened: OpenDirectory, manifest: IndexManifest) -> None:
    """Check that no later generation of the same index is recorded than that of the manifest.

    Raises
    ------
    ManifestError
        Where one is recorded.
    """
    latest = _recorded_generation(opened, manifest.created)
    if latest > manifest.generation:
        path = opened.path / MANIFEST_NAME
        raise ManifestError(
            f"{path}: is of generation {manifest.generation}; {LOCK_NAME} records generation "
            f"{latest} of this index. An older manifest was put back.",
            path=path,
            generation=manifest.generation,
            latest=latest,
        )


def _recorded_generation(opened: OpenDirectory, created: str) -> int:
    """The recorded generation of the index that was built at a time; 0 where there is none."""
    try:
        with opened.open_file(opened.path / LOCK_NAME) as file:
            text = file.read(_LONGEST_RECORD_BYTES).decode("utf-8", "replace")
    except OSError:
        return 0
    found = _RECORD.fullmatch(text)
    return int(found[1]) if found is not None and found[2] == created else 0
