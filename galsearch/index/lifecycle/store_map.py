"""Storing of a map with an index that other processes may be reading."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError
from galsearch.core.modality import Modality
from galsearch.index.lifecycle.commit import commit
from galsearch.index.lifecycle.kept_maps import write_map
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.open_build import open_build
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.generations import new_generation, write_lock
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.map_manifest import MapManifest
from galsearch.index.vectors.map_records import MAP_DTYPE, check_map_records


@dataclass(frozen=True, eq=False)
class NewMap:
    """A map that is to be stored."""

    records: npt.NDArray[Any]
    """(n,) records of the galaxies, in order of TARGETID."""
    facts: dict[str, Any]
    """Values of the other fields of `MapManifest`, by name."""


def store_map(
    index: str | Path | None, kind: Modality, make: Callable[[GalaxyIndex], NewMap | None]
) -> IndexManifest:
    """Make the map of a modality, store it with its index, and return the new manifest.

    The change takes effect by one rename, as every change of an index does. Nobody else changes
    the index while `make` runs; queries go on.

    Parameters
    ----------
    index
        Directory of the index; default: the only one under `index_builds`.
    kind
        Modality whose vectors the map shows.
    make
        Gets the open index, and returns the map; None to leave the index as it is.

    Raises
    ------
    ManifestError
        Where the index is damaged, or the map is of other galaxies than the index holds.
    LockedError
        Where another process is changing the index.
    """
    directory = find_build() if index is None else Path(index)
    with write_lock(directory):
        opened = open_build(directory)
        drawn = make(opened)
        if drawn is None:
            return opened.manifest
        _check(drawn.records, opened, kind)
        manifest = opened.manifest
        with new_generation(opened.directory, manifest) as folder:
            n_fitted = int(drawn.records["is_fitted"].sum())
            path = write_map(drawn.records, folder, kind)
            entry = MapManifest(path, len(drawn.records), n_fitted, **drawn.facts)
            maps = {**manifest.maps, kind: entry}
            n_changed = manifest.n_changed
            return commit(opened, folder, manifest.segments, n_changed=n_changed, maps=maps)


def _check(records: npt.NDArray[Any], opened: GalaxyIndex, kind: Modality) -> None:
    """Check the records of a map before they are written."""
    assert records.dtype == MAP_DTYPE  # noqa: S101 (made by our own code)
    check_map_records(records, opened.directory)
    n_unknown = int((opened.stored(kind).rows_of(np.asarray(records["target_id"])) < 0).sum())
    if n_unknown:
        raise ManifestError(
            f"{opened.directory}: {n_unknown:,} of {len(records):,} galaxies of a new map have no "
            f"{kind} vectors in the index."
        )
