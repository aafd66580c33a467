"""A map with arbitrary positions, stored with an index."""

from pathlib import Path

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.modality import Modality
from galsearch.index import GalaxyIndex, IndexManifest, open_build
from galsearch.index.lifecycle.store_map import NewMap, store_map
from galsearch.index.vectors.map_records import MAP_DTYPE

FACTS = {
    "n_neighbours": 15,
    "seed": 0,
    "trustworthiness": 0.9,
    "preserved_neighbours": 0.5,
    "n_measured": 100,
    "library": "toy 1.0",
    "created": "2026-11-27T12:00:00+00:00",
}


def draw(index: GalaxyIndex, kind: Modality, leave_out: int = 0) -> NewMap:
    """A map of all vectors of a modality but the last ones; half of them are fitted."""
    ids = index.stored(kind).ids[: len(index.stored(kind)) - leave_out]
    records = np.zeros(len(ids), MAP_DTYPE)
    records["target_id"] = ids
    records["x"], records["y"] = position_of(ids)
    records["is_fitted"][::2] = 1
    return NewMap(records, FACTS)


def position_of(ids: TargetIds) -> tuple[np.ndarray, np.ndarray]:
    """The position of each galaxy, which depends on its TARGETID alone."""
    return (ids % 1009).astype(np.float32), (ids % 997).astype(np.float32)


def store_drawn_map(directory: Path, kind: Modality, leave_out: int = 0) -> IndexManifest:
    """Store such a map with an index."""
    return store_map(directory, kind, lambda index: draw(index, kind, leave_out))


def check_positions(directory: Path, kind: Modality) -> int:
    """Check that each galaxy of a stored map is where it was drawn, and count them."""
    records = open_build(directory).map_records(kind)
    assert records is not None
    x, y = position_of(np.asarray(records["target_id"]))
    np.testing.assert_array_equal(records["x"], x)
    np.testing.assert_array_equal(records["y"], y)
    return len(records)
