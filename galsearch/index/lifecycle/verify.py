"""Verification of an index: a check of every byte and every count that its manifest states."""

from pathlib import Path

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ManifestError
from galsearch.core.progress import Progress, no_progress, stage_progress
from galsearch.core.vectors import off_unit
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.generations import LOCK_NAME, superseded_files
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest, SegmentManifest
from galsearch.index.vectors.array_files import CATALOGUE_RECORDS_NAME, IDS_NAME, VECTORS_NAME
from galsearch.index.vectors.stored_vectors import VectorSegment

_BLOCK_ROWS = 65_536


def verify(
    directory: str | Path | None = None, *, progress: Progress | None = None
) -> IndexManifest:
    """Check everything that the manifest of an index states, and return the manifest.

    The sha256 of each file is computed before anything reads the file. TARGETIDs must ascend,
    vectors must have unit norm, every embedded galaxy must be in the catalogue, FAISS files must
    hold as many vectors as are stored, and there must be no file that the manifest does not list.

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
    index = open_build(directory)
    directory = index.directory
    report = stage_progress(progress or no_progress, "digests")
    files = index.manifest.files
    for done, (name, digest) in enumerate(files.items(), start=1):
        digest.check(directory / name, whole=True)
        report(done, len(files))
    _check_no_other_files(directory, index.manifest)
    for entry in index.manifest.segments:
        _check_segment(directory / entry.path, entry, index.manifest)
    _check_ascending(index.ids, directory / IDS_NAME)
    # Reading the records of all galaxies checks that each record has the TARGETID of its row.
    index.catalogue_records(index.ids)
    _check_count(index.ids, index.manifest.n_galaxies, "galaxies", directory)
    for kind, described in index.manifest.modalities.items():
        stored = index.modality(kind).stored
        _check_count(stored.ids, described.n_vectors, f"{kind} vectors", directory)
        missing = stored.ids[index.catalogue_rows(stored.ids) < 0]
        if len(missing):
            raise ManifestError(
                f"{directory / CATALOGUE_RECORDS_NAME}: lacks {len(missing):,} of {len(stored):,} "
                f"galaxies with {kind} vectors, first TARGETID {missing[0]}.",
                target_id=int(missing[0]),
            )
    return index.manifest


def _check_no_other_files(directory: Path, manifest: IndexManifest) -> None:
    """Check that the manifest of an index lists every file in its directory.

    Exceptions are files of older generations, which are still to be removed, and lock files.
    """
    found = {
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    }
    superseded = {
        path.relative_to(directory).as_posix() for path in superseded_files(directory, manifest)
    }
    own = {MANIFEST_NAME, LOCK_NAME, f"{LOCK_NAME}.soft"}
    others = sorted(found - set(manifest.files) - own - superseded)
    if others:
        raise ManifestError(
            f"{directory / others[0]}: manifest.json does not list this file ({len(others)} such).",
            path=directory / others[0],
        )


def _check_segment(folder: Path, entry: SegmentManifest, manifest: IndexManifest) -> None:
    """Check the order of TARGETIDs and the norms of the vectors of one segment."""
    _check_ascending(np.load(folder / IDS_NAME, mmap_mode="r"), folder / IDS_NAME)
    for kind, n_vectors in entry.n_vectors.items():
        plan = manifest.modalities[kind].plan
        segment = VectorSegment.open(
            folder / kind, n_vectors=n_vectors, dim=plan.dim, store=plan.store
        )
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
