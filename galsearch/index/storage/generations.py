"""Generations of an index: every change takes effect at once, by the rename of one file.

The files of an index are never changed. A change (add, remove, compact) writes its new files into
a directory `generation-NNNNNN` and then replaces `manifest.json` by one that lists the files of
the new state; that replacement is the change. A process that dies before it leaves the index as it
was. Files that no manifest lists any more are removed by the next change, unless a reader still
holds them: a reader holds the `ids.npy` of every segment that it has open (`files.lock`), and with
it the files beside it.
"""

import shutil
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from galsearch.core.modality import Modality
from galsearch.files.atomic import sync
from galsearch.files.digest import FileDigest
from galsearch.files.lock import exclusive_lock, is_held
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest, SegmentManifest
from galsearch.index.storage.manifest_json import write_manifest
from galsearch.index.vectors.array_files import (
    CATALOGUE_RECORDS_NAME,
    CATALOGUE_TABLE_NAME,
    IDS_NAME,
)

LOCK_NAME = "growing.lock"
REMOVED_PREFIX = "removed-"
"""Start of the names of files that list removed galaxies."""
_PREFIX = "generation-"
_ROOT_NAMES = (IDS_NAME, CATALOGUE_RECORDS_NAME, CATALOGUE_TABLE_NAME, *Modality)
"""Files and directories of a first build, which lie in the directory of the index itself."""


def write_lock(directory: Path) -> AbstractContextManager[None]:
    """A lock that keeps other processes from changing the index while the block runs.

    Raises
    ------
    LockedError
        Where another process is changing it now.
    """
    return exclusive_lock(directory / LOCK_NAME)


def new_generation(directory: Path, manifest: IndexManifest) -> Path:
    """An empty directory for the files of the generation that follows `manifest`."""
    folder = directory / f"{_PREFIX}{manifest.generation + 1:06d}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def digest_and_sync(directory: Path, folder: Path) -> dict[str, FileDigest]:
    """The digest of every file under `folder` by its path relative to the index.

    Each file, and each list of names in a directory, is on the disk when the function returns.
    """
    digests = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        sync(path)
        digests[path.relative_to(directory).as_posix()] = FileDigest.of(path)
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        sync(path)
    return digests


def commit_manifest(manifest: IndexManifest, directory: Path) -> None:
    """Make `manifest` the state of the index, by one rename that survives a power failure."""
    write_manifest(manifest, directory / MANIFEST_NAME, durable=True)


def superseded_files(directory: Path, manifest: IndexManifest) -> list[Path]:
    """Files of older generations, or of a change that was interrupted."""
    found = [path for folder in directory.glob(f"{_PREFIX}*") for path in folder.rglob("*")]
    if all(entry.path for entry in manifest.segments):
        for name in _ROOT_NAMES:
            found += [directory / name, *(directory / name).glob("*")]
    found += directory.glob(f".{MANIFEST_NAME}.*.part")
    files = [path for path in found if path.is_file()]
    return [path for path in files if path.relative_to(directory).as_posix() not in manifest.files]


def remove_superseded_files(directory: Path, manifest: IndexManifest) -> None:
    """Remove the superseded files that no reader holds; a later change removes the others."""
    by_folder: dict[Path, list[Path]] = {}
    for path in superseded_files(directory, manifest):
        top = path.relative_to(directory).parts[0]
        folder = directory / top if top.startswith(_PREFIX) else directory
        by_folder.setdefault(folder, []).append(path)
    for folder, files in by_folder.items():
        held = folder / IDS_NAME
        if held in files and is_held(held):
            continue
        # Readers hold this file, so it goes last: an interrupted removal can then be continued.
        for path in sorted(files, key=lambda path: path == held):
            path.unlink()
    folders = [*directory.glob(f"{_PREFIX}*"), *(directory / kind for kind in Modality)]
    _remove_empty(child for folder in folders for child in (*folder.glob("*"), folder))


def files_of_segments(
    manifest: IndexManifest, segments: Sequence[SegmentManifest]
) -> dict[str, FileDigest]:
    """The files of `manifest` that belong to `segments`, by path relative to the index."""
    removed = {entry.removed for entry in segments}
    folders = {entry.path for entry in segments}
    return {
        name: digest
        for name, digest in manifest.files.items()
        if name in removed
        or (_segment_path(name) in folders and not Path(name).name.startswith(REMOVED_PREFIX))
    }


def _segment_path(name: str) -> str:
    """Path of the segment that a file belongs to, as `SegmentManifest.path` states it."""
    top = name.split("/")[0]
    return top if top.startswith(_PREFIX) else ""


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
