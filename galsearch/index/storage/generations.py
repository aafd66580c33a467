"""A live build changes all at once: new files first, then one rename, then old files go.

Files of a build are never changed. A change writes a directory `generation-NNNNNN` and then a
`manifest.json` that names the files of the new state; the rename of that manifest is the change.
Whatever interrupts it, the build is what it was before or what it should become, and files that no
manifest names are removed by the next change. A reader holds a shared lock on the `ids.npy` of
every segment that it reads, so nothing that it may still open is removed.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from galsearch.core.errors import ManifestError
from galsearch.core.modality import Modality
from galsearch.files.digest import FileDigest
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest, SegmentManifest
from galsearch.index.storage.manifest_json import write_manifest
from galsearch.index.vectors.stored_vectors import CATALOGUE_FILE, CATALOGUE_NAME, IDS_NAME

LOCK_NAME = "growing.lock"
REMOVED_PREFIX = "removed-"
_PREFIX = "generation-"
_PART_NAME = f"{MANIFEST_NAME}.part"
_AT_THE_ROOT = (IDS_NAME, CATALOGUE_NAME, CATALOGUE_FILE, *Modality)


@contextmanager
def only_writer(directory: Path) -> Iterator[None]:
    """While the block runs no other process changes the build.

    Raises
    ------
    ManifestError
        Where one is changing it now.
    """
    handle = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ManifestError(
            f"{directory}: another process is changing this index. Wait until it is done."
        ) from None
    finally:
        os.close(handle)


def hold(path: Path) -> int:
    """An open file whose lock keeps `path` and what lies beside it from being removed."""
    handle = os.open(path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    return handle


def new_generation(directory: Path, manifest: IndexManifest) -> Path:
    """An empty directory for the files of the generation after `manifest`'s."""
    folder = directory / f"{_PREFIX}{manifest.generation + 1:06d}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def digests_of(directory: Path, folder: Path) -> dict[str, FileDigest]:
    """The digest of every file under `folder` by its path in the build, written to the disk."""
    digests = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        _sync(path)
        digests[path.relative_to(directory).as_posix()] = FileDigest.of(path)
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        _sync(path)
    return digests


def swap_in(manifest: IndexManifest, directory: Path) -> None:
    """Make `manifest` what the build is, by one rename."""
    part = directory / _PART_NAME
    write_manifest(manifest, part)
    _sync(part)
    os.replace(part, directory / MANIFEST_NAME)
    _sync(directory)


def leftovers(directory: Path, manifest: IndexManifest) -> list[Path]:
    """Files of other generations: superseded, or of a change that was cut short."""
    found = [path for folder in directory.glob(f"{_PREFIX}*") for path in folder.rglob("*")]
    if all(entry.path for entry in manifest.segments):
        for name in _AT_THE_ROOT:
            found += [directory / name, *(directory / name).glob("*")]
    found.append(directory / _PART_NAME)
    files = [path for path in found if path.is_file()]
    return [path for path in files if path.relative_to(directory).as_posix() not in manifest.files]


def remove_leftovers(directory: Path, manifest: IndexManifest) -> None:
    """Remove what no reader holds; what one does is left for a later change."""
    folders: dict[Path, list[Path]] = {}
    for path in leftovers(directory, manifest):
        top = path.relative_to(directory).parts[0]
        home = directory / top if top.startswith(_PREFIX) else directory
        folders.setdefault(home, []).append(path)
    for home, files in folders.items():
        lock = home / IDS_NAME
        if lock in files and _is_held(lock):
            continue
        # It carries the lock, so it goes last: a removal that is cut short can be continued.
        for path in sorted(files, key=lambda path: path == lock):
            path.unlink()
    for folder in [*directory.glob(f"{_PREFIX}*"), *(directory / kind for kind in Modality)]:
        for empty in (*folder.glob("*"), folder):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()


def files_of(manifest: IndexManifest, segments: Sequence[SegmentManifest]) -> dict[str, FileDigest]:
    """The files of `manifest` that `segments` consist of."""
    removed = {entry.removed for entry in segments}
    homes = {entry.path for entry in segments}
    return {
        name: digest
        for name, digest in manifest.files.items()
        if name in removed
        or (_home(name) in homes and not Path(name).name.startswith(REMOVED_PREFIX))
    }


def _home(name: str) -> str:
    top = name.split("/")[0]
    return top if top.startswith(_PREFIX) else ""


def _is_held(path: Path) -> bool:
    if not path.is_file():
        return False
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
