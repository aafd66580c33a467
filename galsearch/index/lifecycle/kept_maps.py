"""Maps of an index after a change: galaxies that were removed leave them."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.modality import Modality
from galsearch.files.atomic import sync, write_array
from galsearch.files.digest import FileDigest
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.storage.map_manifest import MAP_PREFIX


def keep_present(manifest: IndexManifest, fresh: GalaxyIndex, folder: Path) -> IndexManifest:
    """The manifest of a change with maps that hold no removed galaxy.

    A galaxy that is removed and added again may have another vector, and must not keep its
    position. Maps that lose galaxies are written anew; a map that loses all is dropped.

    Parameters
    ----------
    manifest
        The manifest of the change.
    fresh
        The index after the change.
    folder
        Directory of the new files.
    """
    maps, files = dict(manifest.maps), dict(manifest.files)
    for kind, entry in manifest.maps.items():
        records = _present(fresh, kind)
        if len(records) == entry.n_galaxies:
            continue
        del files[entry.path]
        del maps[kind]
        if len(records):
            name = write_map(records, folder, kind)
            n_fitted = int(records["is_fitted"].sum())
            maps[kind] = dataclasses.replace(
                entry, path=name, n_galaxies=len(records), n_fitted=n_fitted
            )
            path = fresh.directory / name
            sync(path)
            sync(folder)
            files[name] = FileDigest.of(path)
    return dataclasses.replace(manifest, maps=maps, files=files)


def _present(fresh: GalaxyIndex, kind: Modality) -> npt.NDArray[Any]:
    records = fresh.map_records(kind)
    assert records is not None  # noqa: S101 (the manifest has the map)
    return records[fresh.stored(kind).rows_of(np.asarray(records["target_id"])) >= 0]


def write_map(records: npt.NDArray[Any], folder: Path, kind: Modality) -> str:
    """Write the records of a map into the directory of a generation.

    The result is the path of the file relative to the index.
    """
    name = f"{MAP_PREFIX}{kind}.npy"
    write_array(folder / name, records)
    return f"{folder.name}/{name}"
