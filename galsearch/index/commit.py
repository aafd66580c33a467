"""A change to a live build takes effect: its manifest is drawn up and swapped in."""

import dataclasses
from pathlib import Path
from typing import Any

from galsearch.index.generation import digests_of, files_of, remove_leftovers, swap_in
from galsearch.index.manifest import IndexManifest, SegmentManifest
from galsearch.index.search import GalaxyIndex


def commit(
    opened: GalaxyIndex,
    folder: Path,
    segments: tuple[SegmentManifest, ...],
    *,
    n_changed: int,
    **other: Any,
) -> IndexManifest:
    """Swap in a manifest of these segments, whose new files lie in `folder`."""
    old = opened.manifest
    drafted = dataclasses.replace(
        old,
        segments=segments,
        generation=old.generation + 1,
        n_changed=n_changed,
        files={**files_of(old, segments), **digests_of(opened.directory, folder)},
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
    swap_in(after, opened.directory)
    fresh.release()
    opened.release()
    remove_leftovers(opened.directory, after)
    return after
