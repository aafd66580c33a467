"""The records of a map: the position of each galaxy in two dimensions, in memory-mapped files."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.vectors.array_files import map_array

MAP_DTYPE = np.dtype([("target_id", "<i8"), ("x", "<f4"), ("y", "<f4"), ("is_fitted", "|u1")])
"""Data type of the record of a galaxy: its position on the map, and 1 where the map was fitted to
it, 0 where it was placed afterwards."""


def open_map_records(
    path: Path, n_galaxies: int, *, open_file: OpenFile = open_binary
) -> npt.NDArray[Any]:
    """The (n,) records of a map in order of TARGETID, memory-mapped.

    Raises
    ------
    ManifestError
        Where the file has another shape or dtype than the manifest states.
    """
    return map_array(path, (n_galaxies,), MAP_DTYPE, open_file=open_file)


def check_map_records(records: npt.NDArray[Any], path: Path) -> None:
    """Check that the TARGETIDs of a map ascend, and that every position is finite.

    Raises
    ------
    ManifestError
        Where they do not; the message names the first such row.
    """
    ids = records["target_id"]
    wrong = np.flatnonzero(ids[1:] <= ids[:-1])
    if len(wrong):
        row = int(wrong[0])
        raise ManifestError(
            f"{path}: TARGETIDs must ascend; {ids[row + 1]} follows {ids[row]} at row {row + 1}.",
            path=path,
        )
    finite = np.isfinite(records["x"]) & np.isfinite(records["y"])
    if not finite.all():
        row = int(np.flatnonzero(~finite)[0])
        raise ManifestError(f"{path}: the position in row {row} is not finite.", path=path)
