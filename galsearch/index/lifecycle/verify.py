"""Verification of an index: a check of every byte and every count that its manifest states."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ManifestError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, StageProgress, no_progress, stage_progress
from galsearch.core.vectors import off_unit
from galsearch.files.held_files import OpenDirectory
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.generations import superseded_files
from galsearch.index.storage.latest_generation import LOCK_NAME
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest
from galsearch.index.storage.read_unchanged import read_unchanged
from galsearch.index.vectors.array_files import CATALOGUE_RECORDS_NAME, IDS_NAME, VECTORS_NAME
from galsearch.index.vectors.map_records import check_map_records
from galsearch.index.vectors.stored_vectors import VectorSegment

_BLOCK_ROWS = 65_536
_LISTINGS = 10
"""How often a directory is listed, where another process removes directories in it."""


def verify(
    directory: str | Path | None = None, *, progress: Progress | None = None
) -> IndexManifest:
    """Check everything that the manifest of an index states, and return the manifest.

    The sha256 of each file is computed before anything reads the file. TARGETIDs must ascend,
    vectors must have unit norm, every embedded galaxy must be in the catalogue, FAISS files must
    hold as many vectors as are stored, and there must be no file that the manifest does not list.
    Where the index is changed or replaced meanwhile, the check begins again, at most 100 times.

    An older manifest of the same index is told by the generation that the lock file records. Files
    whose digests in the manifest, and its own digest, were made again are not told.

    Parameters
    ----------
    directory
        Directory of the index; default: the only one under `index_builds`.
    progress
        Receives `digests`, the number of files that were read, and the number of files.

    Returns
    -------
    IndexManifest
        Manifest of the index, which was found to be true.

    Raises
    ------
    ManifestError
        Where the index differs from its manifest; the message names the first file that does.
    EncoderMismatchError
        Where the modalities come from different encoders.
    """
    report = stage_progress(progress or no_progress, "digests")

    def read(opened: OpenDirectory, manifest: IndexManifest) -> IndexManifest:
        return _verify(opened, manifest, report)

    return read_unchanged(find_build() if directory is None else Path(directory), read)


def _verify(opened: OpenDirectory, manifest: IndexManifest, report: StageProgress) -> IndexManifest:
    """Check an open index; where it is changed meanwhile, the caller repeats the check."""
    directory, files = opened.path, manifest.files
    # Small files are read whole here. Files that a later change removes are small, or held open.
    for name, digest in files.items():
        digest.check(directory / name, whole=False, open_file=opened.open_file)
    index = GalaxyIndex(opened, manifest)
    for done, (name, digest) in enumerate(files.items(), start=1):
        digest.check(directory / name, whole=True, open_file=opened.open_file)
        report(done, len(files))
    _check_no_other_files(directory, manifest)
    for number, entry in enumerate(manifest.segments):
        _check_segment(index, number, directory / entry.path)
    _check_ascending(index.ids, directory / IDS_NAME)
    # Reading the records of all galaxies checks that each record has the TARGETID of its row.
    index.catalogue_records(index.ids)
    _check_count(index.ids, manifest.n_galaxies, "galaxies", directory)
    for kind in manifest.maps:
        _check_map(index, kind)
    for kind, described in manifest.modalities.items():
        stored = index.modality(kind).stored
        _check_count(stored.ids, described.n_vectors, f"{kind} vectors", directory)
        missing = stored.ids[index.catalogue_rows(stored.ids) < 0]
        if len(missing):
            raise ManifestError(
                f"{directory / CATALOGUE_RECORDS_NAME}: lacks {len(missing):,} of {len(stored):,} "
                f"galaxies with {kind} vectors, first TARGETID {missing[0]}.",
                target_id=int(missing[0]),
            )
    return manifest


def _check_map(index: GalaxyIndex, kind: Modality) -> None:
    """Check that the galaxies of a map have vectors, each one position, and that it is finite."""
    path = index.directory / index.manifest.maps[kind].path
    records = index.map_records(kind)
    assert records is not None  # noqa: S101 (the manifest has the map)
    check_map_records(records, path)
    missing = records["target_id"][index.stored(kind).rows_of(records["target_id"]) < 0]
    if len(missing):
        raise ManifestError(
            f"{path}: has {len(missing):,} galaxies without {kind} vectors, first TARGETID "
            f"{missing[0]}.",
            target_id=int(missing[0]),
        )


def _check_no_other_files(directory: Path, manifest: IndexManifest) -> None:
    """Check that the manifest of an index lists every file in its directory.

    Exceptions are files of older generations, which are still to be removed, and lock files.
    """
    superseded = _superseded(directory, manifest)
    found = {
        Path(folder, name).relative_to(directory).as_posix()
        for folder, _, names in os.walk(directory)
        for name in names
    }
    # Another process may write or remove files of an older or of the next generation meanwhile.
    superseded |= _superseded(directory, manifest)
    own = {MANIFEST_NAME, LOCK_NAME, f"{LOCK_NAME}.soft"}
    others = sorted(found - set(manifest.files) - own - superseded)
    others = [name for name in others if (directory / name).exists()]
    if others:
        raise ManifestError(
            f"{directory / others[0]}: manifest.json does not list this file ({len(others)} such).",
            path=directory / others[0],
        )


def _superseded(directory: Path, manifest: IndexManifest) -> set[str]:
    """Files of older generations and of changes, relative to the directory of the index."""
    for _ in range(_LISTINGS):
        with suppress(FileNotFoundError):  # Another process has removed a directory meanwhile.
            paths = superseded_files(directory, manifest)
            return {path.relative_to(directory).as_posix() for path in paths}
    return set()


def _check_segment(index: GalaxyIndex, number: int, folder: Path) -> None:
    """Check the order of TARGETIDs and the norms of the vectors of one segment."""
    _check_ascending(index.catalogue_segments[number].ids, folder / IDS_NAME)
    for kind in index.manifest.segments[number].n_vectors:
        holders = [i for i, entry in enumerate(index.manifest.segments) if kind in entry.n_vectors]
        segment = index.stored(kind).segments[holders.index(number)]
        _check_ascending(segment.ids, folder / kind / IDS_NAME)
        _check_unit_norm(segment, folder / kind / VECTORS_NAME)


def _check_count(ids: TargetIds, expected: int, noun: str, directory: Path) -> None:
    """Check that there is the expected number of TARGETIDs, and that none occurs twice.

    `noun` names the galaxies or vectors in the error message.
    """
    n_different = len(np.unique(ids))
    if len(ids) != expected or n_different != expected:
        raise ManifestError(
            f"{directory}: {len(ids):,} {noun} with {n_different:,} different TARGETIDs; "
            f"manifest.json says {expected:,}.",
            expected=expected,
        )


def _check_ascending(ids: TargetIds, path: Path) -> None:
    """Check that the TARGETIDs in a file are positive and ascend."""
    if len(ids) and ids[0] <= 0:
        raise ManifestError(f"{path}: {ids[0]} is not the TARGETID of a galaxy.", path=path)
    wrong = np.flatnonzero(ids[1:] <= ids[:-1])
    if len(wrong):
        row = int(wrong[0])
        raise ManifestError(
            f"{path}: TARGETIDs must ascend; {ids[row + 1]} follows {ids[row]} at row {row + 1}.",
            path=path,
        )


def _check_unit_norm(segment: VectorSegment, path: Path) -> None:
    """Check that every vector in a file has unit norm."""
    for start in range(0, len(segment.vectors), _BLOCK_ROWS):
        block = segment.codec.decode(segment.vectors[start : start + _BLOCK_ROWS])
        wrong = np.flatnonzero(off_unit(block))
        if len(wrong):
            row = start + int(wrong[0])
            raise ManifestError(f"{path}: the vector in row {row} has no unit norm.", path=path)
