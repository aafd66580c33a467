"""Everything that a build promises, checked to the last byte."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ManifestError
from galsearch.core.vectors import off_unit
from galsearch.index.search.galaxy_index import open_build
from galsearch.index.storage.generations import LOCK_NAME, superseded_files
from galsearch.index.storage.manifest import MANIFEST_NAME, IndexManifest, SegmentManifest
from galsearch.index.vectors.array_files import CATALOGUE_RECORDS_NAME, IDS_NAME, VECTORS_NAME
from galsearch.index.vectors.stored_vectors import VectorSegment

_ROWS = 65_536


def verify(
    directory: str | Path | None = None,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> IndexManifest:
    """The manifest of a build whose every byte and count was found right.

    Each file's sha256 is recomputed before anything reads it; ids must ascend, vectors be of unit
    length, every embedded galaxy be in the catalogue, the FAISS files hold as many vectors as
    are stored, and no file be there that the manifest does not list.

    Parameters
    ----------
    directory
        Default: the only build under `index_builds`.

    Raises
    ------
    ManifestError
        Naming the first file that breaks a promise.
    EncoderMismatchError
        Where the modalities come from different encoders.
    """
    index = open_build(directory)
    directory = index.directory
    files = index.manifest.files
    for done, (name, digest) in enumerate(files.items(), start=1):
        digest.check(directory / name, whole=True)
        if progress:
            progress("digests", done, len(files))
    _no_strangers(directory, index.manifest)
    for entry in index.manifest.segments:
        _segment(directory / entry.path, entry, index.manifest)
    _ascending(index.ids, directory / IDS_NAME)
    index.places(index.ids)
    _counted(index.ids, index.manifest.n_galaxies, "galaxies", directory)
    for kind in index.manifest.modalities:
        stored = index.modality(kind).stored
        n_vectors = index.manifest.modalities[kind].n_vectors
        _counted(stored.ids, n_vectors, f"{kind} vectors", directory)
        missing = stored.ids[index.catalogue_rows(stored.ids) < 0]
        if len(missing):
            raise ManifestError(
                f"{directory / CATALOGUE_RECORDS_NAME}: lacks {len(missing):,} of {len(stored):,} "
                f"galaxies with {kind} vectors, first TARGETID {missing[0]}."
            )
    return index.manifest


def _no_strangers(directory: Path, manifest: IndexManifest) -> None:
    found = {str(p.relative_to(directory).as_posix()) for p in directory.rglob("*") if p.is_file()}
    strangers = sorted(
        found - set(manifest.files) - {MANIFEST_NAME, LOCK_NAME, f"{LOCK_NAME}.soft"}
    )
    old = [path.relative_to(directory).as_posix() for path in superseded_files(directory, manifest)]
    strangers = [name for name in strangers if name not in old]
    if strangers:
        raise ManifestError(
            f"{directory / strangers[0]}: manifest.json does not list this file "
            f"({len(strangers)} such). Move it elsewhere."
        )


def _segment(folder: Path, entry: SegmentManifest, manifest: IndexManifest) -> None:
    _ascending(np.load(folder / IDS_NAME, mmap_mode="r"), folder / IDS_NAME)
    for kind, n_vectors in entry.n_vectors.items():
        plan = manifest.modalities[kind].plan
        segment = VectorSegment.open(
            folder / kind, n_vectors=n_vectors, dim=plan.dim, store=plan.store
        )
        _ascending(segment.ids, folder / kind / IDS_NAME)
        _unit(segment, folder / kind / VECTORS_NAME)


def _counted(ids: TargetIds, expected: int, what: str, directory: Path) -> None:
    if len(ids) != expected or len(np.unique(ids)) != expected:
        raise ManifestError(
            f"{directory}: {len(ids):,} {what} of {len(np.unique(ids)):,} TARGETIDs, manifest.json "
            f"says {expected:,}."
        )


def _ascending(ids: TargetIds, path: Path) -> None:
    if len(ids) and ids[0] <= 0:
        raise ManifestError(f"{path}: TARGETID {ids[0]} is not that of a galaxy.")
    wrong = np.flatnonzero(ids[1:] <= ids[:-1])
    if len(wrong):
        row = int(wrong[0])
        raise ManifestError(
            f"{path}: TARGETIDs must ascend, {ids[row + 1]} follows {ids[row]} at row {row + 1}."
        )


def _unit(segment: VectorSegment, path: Path) -> None:
    for start in range(0, len(segment.vectors), _ROWS):
        block = segment.codec.decode(segment.vectors[start : start + _ROWS])
        wrong = np.flatnonzero(off_unit(block))
        if len(wrong):
            raise ManifestError(f"{path}: the vector at row {start + wrong[0]} is not a unit one.")
