"""Removal of galaxies from an index that other processes may be reading."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ShardError, UnknownTargetError
from galsearch.core.ids import find_rows
from galsearch.core.target_id import parse_target_ids
from galsearch.files.atomic import write_array
from galsearch.index.lifecycle.commit import commit
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.generations import REMOVED_PREFIX, new_generation, write_lock
from galsearch.index.storage.manifest import IndexManifest, SegmentManifest


def remove(
    target_ids: int | str | Sequence[int | str] | TargetIds, *, index: str | Path | None = None
) -> IndexManifest:
    """Remove galaxies from an index, and return its new manifest.

    No later search returns these galaxies. The files of the index become smaller only when it is
    compacted.

    Parameters
    ----------
    target_ids
        TARGETID of one galaxy, or TARGETIDs of several; a text is one TARGETID.
    index
        Directory of the index; default: the only one under `index_builds`.

    Returns
    -------
    IndexManifest
        Description of the index after the change.

    Raises
    ------
    UnknownTargetError
        Where a galaxy is not in the index; then no galaxy is removed.
    ShardError
        Where no vector of a modality would be left.
    ManifestError
        Where the index is damaged.
    LockedError
        Where another process is changing the index.
    """
    directory = find_build() if index is None else Path(index)
    wanted = np.unique(parse_target_ids(target_ids))
    with write_lock(directory):
        opened = open_build(directory)
        unknown = wanted[opened.catalogue_rows(wanted) < 0]
        if len(unknown):
            raise UnknownTargetError(
                f"{len(unknown):,} of {len(wanted):,} TARGETIDs are not in index "
                f"'{opened.manifest.recipe.name}', first {unknown[0]}; nothing was removed.",
                target_id=int(unknown[0]),
            )
        if not len(wanted):
            return opened.manifest
        _check_some_remain(opened, wanted)
        with new_generation(opened.directory, opened.manifest) as folder:
            segments = _write_removed(opened, wanted, folder)
            n_changed = opened.manifest.n_changed + len(wanted)
            return commit(opened, folder, segments, n_changed=n_changed)


def _check_some_remain(opened: GalaxyIndex, wanted: TargetIds) -> None:
    """Check that every modality of an index still has vectors after galaxies are removed."""
    for kind in opened.manifest.modalities:
        stored = opened.stored(kind)
        if len(stored) == np.count_nonzero(stored.rows_of(wanted) >= 0):
            raise ShardError(
                f"removing {len(wanted):,} galaxies would leave index "
                f"'{opened.manifest.recipe.name}' without {kind} vectors; nothing was removed.",
                modality=kind,
            )


def _write_removed(
    opened: GalaxyIndex, wanted: TargetIds, folder: Path
) -> tuple[SegmentManifest, ...]:
    """Write the new lists of removed galaxies, and return the manifest entries of all segments.

    A segment that holds none of the `wanted` galaxies keeps its list.
    """
    segments = []
    pairs = zip(opened.manifest.segments, opened.catalogue_segments, strict=True)
    for number, (entry, catalogue) in enumerate(pairs):
        removed = np.union1d(catalogue.removed, wanted[find_rows(catalogue.ids, wanted) >= 0])
        if len(removed) == len(catalogue.removed):
            segments.append(entry)
            continue
        name = f"{REMOVED_PREFIX}{number}.npy"
        write_array(folder / name, removed)
        segments.append(dataclasses.replace(entry, removed=f"{folder.name}/{name}"))
    return tuple(segments)
