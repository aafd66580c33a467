"""A change to a live build takes effect: its manifest is drawn up and swapped in."""

import dataclasses
from pathlib import Path
from typing import Any

from galsearch.index.build.measure_recall import measure_directions
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.storage.generations import (
    commit_manifest,
    digest_and_sync,
    files_of_segments,
    remove_superseded_files,
)
from galsearch.index.storage.manifest import IndexManifest, SegmentManifest

MEASURED_AFTER = 0.1
"""Share of its galaxies that may come or go before a build's directions are tuned again: how deep
each must look was chosen for the galaxies that were there. So a change costs little on average,
and the recall that the manifest promises is never that of a very different build."""


def commit(
    opened: GalaxyIndex,
    folder: Path,
    segments: tuple[SegmentManifest, ...],
    *,
    n_changed: int,
    **other: Any,
) -> IndexManifest:
    """Swap in a manifest of these segments, whose new files lie in `folder`.

    Where a tenth of the galaxies have come or gone since recall was measured, it is measured again
    first, each direction tuned anew.
    """
    old = opened.manifest
    drafted = dataclasses.replace(
        old,
        segments=segments,
        generation=old.generation + 1,
        n_changed=n_changed,
        files={**files_of_segments(old, segments), **digest_and_sync(opened.directory, folder)},
        **other,
    )
    fresh = GalaxyIndex(opened.directory, drafted)
    after = dataclasses.replace(
        drafted,
        n_galaxies=len(fresh.ids),
        modalities={
            kind: dataclasses.replace(entry, n_vectors=len(fresh.stored(kind)))
            for kind, entry in drafted.modalities.items()
        },
    )
    if n_changed and n_changed >= MEASURED_AFTER * after.n_galaxies:
        after = _measured(after, fresh)
    commit_manifest(after, opened.directory)
    fresh.release()
    opened.release()
    remove_superseded_files(opened.directory, after)
    return after


def _measured(manifest: IndexManifest, fresh: GalaxyIndex) -> IndexManifest:
    searched = {kind: fresh.modality(kind) for kind in manifest.modalities}
    directions = measure_directions(searched, manifest.recipe, lambda *_: None)
    return dataclasses.replace(manifest, directions=directions, n_changed=0)
