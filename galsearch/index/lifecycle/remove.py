"""Galaxies leave a live build; what reads it is not disturbed."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ShardError, UnknownTargetError
from galsearch.core.ids import find_rows
from galsearch.core.target_id import TargetId
from galsearch.index.lifecycle.commit import commit
from galsearch.index.search.galaxy_index import GalaxyIndex, open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.generations import REMOVED_PREFIX, new_generation, write_lock
from galsearch.index.storage.manifest import IndexManifest, SegmentManifest
from galsearch.index.vectors.array_files import IDS_NAME


def remove(
    target_ids: Sequence[int | str] | TargetIds, *, index: str | Path | None = None
) -> IndexManifest:
    """The manifest of a build without these galaxies; they are never found again.

    Raises
    ------
    UnknownTargetError
        Where one is not in the build; then none is removed.
    ManifestError
        Where the build is damaged, another process is changing it, or nothing would be left.
    """
    directory = find_build() if index is None else Path(index)
    wanted = np.unique(np.array([TargetId(name) for name in target_ids], np.int64))
    with write_lock(directory):
        opened = open_build(directory)
        unknown = wanted[opened.catalogue_rows(wanted) < 0]
        if len(unknown):
            raise UnknownTargetError(
                f"{len(unknown):,} of {len(wanted):,} TARGETIDs are not in index "
                f"'{opened.manifest.recipe.name}', first {unknown[0]}; nothing was removed."
            )
        if not len(wanted):
            return opened.manifest
        _check_some_stay(opened, wanted)
        folder = new_generation(directory, opened.manifest)
        segments = _write_removed(opened, wanted, folder)
        changed = opened.manifest.n_changed + len(wanted)
        return commit(opened, folder, segments, n_changed=changed)


def _check_some_stay(opened: GalaxyIndex, wanted: TargetIds) -> None:
    for kind in opened.manifest.modalities:
        stored = opened.stored(kind)
        if len(stored) == np.count_nonzero(stored.rows_of(wanted) >= 0):
            raise ShardError(
                f"removing {len(wanted):,} galaxies would leave index "
                f"'{opened.manifest.recipe.name}' without {kind} vectors; nothing was removed. "
                "Delete its directory instead."
            )


def _write_removed(
    opened: GalaxyIndex, wanted: TargetIds, folder: Path
) -> tuple[SegmentManifest, ...]:
    """The segments, those that hold one of `wanted` with a longer list of removed galaxies."""
    segments = []
    for number, entry in enumerate(opened.manifest.segments):
        ids = np.load(opened.directory / entry.path / IDS_NAME, mmap_mode="r")
        before = opened.catalogues[number][1]
        removed = np.union1d(before, wanted[find_rows(ids, wanted) >= 0])
        if len(removed) == len(before):
            segments.append(entry)
            continue
        name = f"{REMOVED_PREFIX}{number}.npy"
        np.save(folder / name, removed)
        segments.append(dataclasses.replace(entry, removed=f"{folder.name}/{name}"))
    return tuple(segments)
