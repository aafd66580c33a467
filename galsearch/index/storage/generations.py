"""Generations of an index: every change takes effect at once, by the rename of one file.

The files of an index are never changed. A change (add, remove, compact) writes its new files into
a directory `generation-NNNNNN` and then replaces `manifest.json` by one that lists the files of
the new state. Only this replacement changes the index: a process that dies before it leaves the
index as it was. Files that the manifest no longer lists are removed by the next change, unless a
reader still uses them: a reader holds a lock on the `ids.npy` of every segment that it has open
(`galsearch.files.lock`), and no file in the same directory is removed meanwhile.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from galsearch.core.errors import ChangedMeanwhileError, GalsearchError, NoIndexError
from galsearch.core.modality import Modality
from galsearch.files.atomic import sync
from galsearch.files.digest import FileDigest
from galsearch.files.disk_errors import write_errors
from galsearch.files.held_files import OpenDirectory
from galsearch.files.lock import exclusive_lock, is_held
from galsearch.files.staged.directories import restore_interrupted
from galsearch.index.storage.latest_generation import LOCK_NAME, check_latest, record_generation
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest, SegmentManifest
from galsearch.index.storage.manifest_json import read_manifest, write_manifest
from galsearch.index.storage.map_manifest import MAP_PREFIX, MapManifest
from galsearch.index.vectors.array_files import (
    CATALOGUE_RECORDS_NAME,
    CATALOGUE_TABLE_NAME,
    IDS_NAME,
    PACKED_ROWS_NAME,
    PACKED_TEXT_BYTES_NAME,
    PACKED_TEXTS_NAME,
)

REMOVED_PREFIX = "removed-"
"""Prefix of the names of files that list the TARGETIDs of removed galaxies."""
_SEPARATE_PREFIXES = (REMOVED_PREFIX, MAP_PREFIX)
"""Prefixes of the names of files that are replaced without the segment whose directory they are in.
"""
_PREFIX = "generation-"
_ROOT_NAMES = (
    *(IDS_NAME, CATALOGUE_RECORDS_NAME, CATALOGUE_TABLE_NAME),
    *(PACKED_ROWS_NAME, PACKED_TEXTS_NAME, PACKED_TEXT_BYTES_NAME),
    *Modality,
)
"""Names of the files and directories of a first build, which are in the directory of the index."""


@contextmanager
def write_lock(directory: Path) -> Iterator[None]:
    """A context manager for a lock that keeps others from changing or replacing the index.

    An index that an interrupted replacement has put aside is put back first, and files that
    interrupted or earlier changes have left are removed, unless a reader still uses them.

    Raises
    ------
    NoIndexError
        Where the directory holds no index; nothing is created there.
    LockedError
        Where another process is changing or replacing the index now.
    WriteError
        Where the directory may not be written.
    """
    restore_interrupted(directory)
    missing = NoIndexError(
        f"{directory}: is not an index, it has no {MANIFEST_NAME}.", directory=directory
    )
    if not (directory / MANIFEST_NAME).is_file():
        raise missing
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive_lock(directory / LOCK_NAME))
        except FileNotFoundError:
            raise missing from None
        with write_errors(directory):
            _remove_interrupted_change(directory)
            yield


def names_of_others(directory: Path) -> list[str]:
    """Names of the entries of the directory of an index that no version of galsearch makes."""
    own = {MANIFEST_NAME, LOCK_NAME, f"{LOCK_NAME}.soft", *_ROOT_NAMES}
    return sorted(
        path.name
        for path in directory.iterdir()
        if path.name not in own and not path.name.startswith((_PREFIX, f".{MANIFEST_NAME}."))
    )


@contextmanager
def new_generation(directory: Path, manifest: IndexManifest) -> Iterator[Path]:
    """A context manager for a new directory, which holds the files of the next generation.

    After an error in the `with` block the directory is removed, unless the generation has taken
    effect already.

    Parameters
    ----------
    directory
        Directory of the index, whose lock the caller holds.
    manifest
        Manifest of the present generation.
    """
    folder = _next_folder(directory, manifest)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir()
        yield folder
    except BaseException:
        if _is_present(directory, manifest):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _next_folder(directory: Path, manifest: IndexManifest) -> Path:
    return directory / f"{_PREFIX}{manifest.generation + 1:06d}"


def _is_present(directory: Path, manifest: IndexManifest) -> bool:
    """True where an index has a manifest, and not another one."""
    try:
        return read_manifest(directory) == manifest
    except GalsearchError:
        return False


def _remove_interrupted_change(directory: Path) -> None:
    """Remove the files that a change has left which was killed before or after it took effect."""
    with suppress(GalsearchError), OpenDirectory(directory) as opened:
        manifest = read_manifest(directory)
        check_latest(opened, manifest)
        shutil.rmtree(_next_folder(directory, manifest), ignore_errors=True)
        remove_superseded_files(directory, manifest)


def digest_and_sync(directory: Path, folder: Path) -> dict[str, FileDigest]:
    """Digests of all files under `folder`, after they and their directories were synced to disk.

    The keys are paths relative to `directory`, the directory of the index.
    """
    digests = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        sync(path)
        digests[path.relative_to(directory).as_posix()] = FileDigest.of(path)
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        sync(path)
    return digests


def commit_manifest(manifest: IndexManifest, directory: Path, before: IndexManifest) -> None:
    """Replace the manifest of an index by one rename that survives a power failure.

    From then on the index is in the state that the new manifest describes. `before` is the manifest
    that it replaces.

    Raises
    ------
    ChangedMeanwhileError
        Where the directory no longer holds the index of `before`; it is left as it is.
    """
    if not (_next_folder(directory, before).is_dir() and _is_present(directory, before)):
        raise ChangedMeanwhileError(
            f"{directory}: holds another index than when this change began; the change was not "
            "made.",
            directory=directory,
        )
    write_manifest(manifest, directory / MANIFEST_NAME, durable=True)
    record_generation(directory, manifest)


def superseded_files(directory: Path, manifest: IndexManifest) -> list[Path]:
    """Files of older generations or interrupted changes, which the manifest does not list."""
    found = [path for folder in directory.glob(f"{_PREFIX}*") for path in folder.rglob("*")]
    if all(entry.path for entry in manifest.segments):
        for name in _ROOT_NAMES:
            found += [directory / name, *(directory / name).glob("*")]
    found += directory.glob(f".{MANIFEST_NAME}.*.part")
    files = [path for path in found if path.is_file()]
    return [path for path in files if path.relative_to(directory).as_posix() not in manifest.files]


def remove_superseded_files(directory: Path, manifest: IndexManifest) -> None:
    """Remove the files of older generations and interrupted changes that no reader uses.

    Files that a reader still uses are left for a later change to remove.
    """
    by_folder: dict[Path, list[Path]] = {}
    for path in superseded_files(directory, manifest):
        top = path.relative_to(directory).parts[0]
        folder = directory / top if top.startswith(_PREFIX) else directory
        by_folder.setdefault(folder, []).append(path)
    for folder, files in by_folder.items():
        held = folder / IDS_NAME
        if held in files and is_held(held):
            continue
        # Readers lock ids.npy, so it is removed last: an interrupted removal can be continued.
        for path in sorted(files, key=lambda path: path == held):
            path.unlink()
    folders = [*directory.glob(f"{_PREFIX}*"), *(directory / kind for kind in Modality)]
    _remove_empty(child for folder in folders for child in (*folder.glob("*"), folder))


def files_in_use(
    manifest: IndexManifest,
    segments: Sequence[SegmentManifest],
    maps: Mapping[Modality, MapManifest],
) -> dict[str, FileDigest]:
    """Digests of the files of a manifest that belong to the given segments or maps.

    The keys are paths relative to the directory of the index.
    """
    separate = {entry.removed for entry in segments} | {entry.path for entry in maps.values()}
    folders = {entry.path for entry in segments}
    return {
        name: digest
        for name, digest in manifest.files.items()
        if name in separate
        or (_segment_path(name) in folders and not Path(name).name.startswith(_SEPARATE_PREFIXES))
    }


def _segment_path(name: str) -> str:
    """Path of the segment to which a file belongs; empty for the segment of the first build.

    Both paths are relative to the directory of the index.
    """
    top = name.split("/")[0]
    return top if top.startswith(_PREFIX) else ""


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
