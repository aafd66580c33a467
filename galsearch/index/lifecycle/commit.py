"""The last step of a change to an index: its new manifest replaces the old one."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from galsearch.core.modality import Modality
from galsearch.core.progress import no_stage_progress
from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.lifecycle.kept_maps import keep_present
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.storage.generations import (
    commit_manifest,
    digest_and_sync,
    files_in_use,
    remove_superseded_files,
)
from galsearch.index.storage.manifest import IndexManifest, ModalityManifest, SegmentManifest
from galsearch.index.storage.map_manifest import MapManifest

REMEASURE_SHARE = 0.1
"""Fraction of the galaxies that must have been added or removed for a new tuning and measurement.

Search settings were chosen for the galaxies of the last measurement. With this limit, a change
costs little on average, and the recall in the manifest is never that of a very different index."""


def commit(
    opened: GalaxyIndex,
    folder: Path,
    segments: tuple[SegmentManifest, ...],
    *,
    n_changed: int,
    maps: Mapping[Modality, MapManifest] | None = None,
    **other: Any,
) -> IndexManifest:
    """Make a change to an index take effect, and return the new manifest.

    Where a tenth of the galaxies has been added or removed since recall was measured, every
    direction of search is tuned and measured again first.

    Parameters
    ----------
    opened
        The index before the change; the function closes it.
    folder
        Directory of the new files.
    segments
        The segments of the index after the change.
    n_changed
        Number of galaxies that were added or removed since recall was measured.
    maps
        The maps after the change; by default the present ones, without galaxies that were removed.
    **other
        New values of other fields of the manifest, by name.
    """
    old = opened.manifest
    maps = old.maps if maps is None else maps
    draft = dataclasses.replace(
        old,
        segments=segments,
        generation=old.generation + 1,
        n_changed=n_changed,
        maps=dict(maps),
        files={**files_in_use(old, segments, maps), **digest_and_sync(opened.directory, folder)},
        **other,
    )
    fresh = GalaxyIndex(opened.directory, draft)
    after = dataclasses.replace(
        draft,
        n_galaxies=len(fresh.ids),
        modalities={
            kind: _with_counts(entry, fresh, kind) for kind, entry in draft.modalities.items()
        },
    )
    after = keep_present(after, fresh, folder)
    if n_changed and n_changed >= REMEASURE_SHARE * after.n_galaxies:
        after = _measure_again(after, fresh)
    commit_manifest(after, opened.directory, old)
    fresh.release()
    opened.release()
    remove_superseded_files(opened.directory, after)
    return after


def _with_counts(entry: ModalityManifest, fresh: GalaxyIndex, kind: Modality) -> ModalityManifest:
    """The manifest entry of a modality with the numbers of its vectors after a change."""
    outside = fresh.outside(kind)
    if entry.outside is not None and outside is not None:
        counted = dataclasses.replace(entry.outside, n_vectors=len(outside))
        entry = dataclasses.replace(entry, outside=counted)
    return dataclasses.replace(entry, n_vectors=len(fresh.stored(kind)))


def _measure_again(manifest: IndexManifest, fresh: GalaxyIndex) -> IndexManifest:
    searched = {kind: fresh.modality(kind) for kind in manifest.modalities}
    directions = measure_directions(searched, manifest.recipe, no_stage_progress)
    return dataclasses.replace(manifest, directions=directions, n_changed=0)
