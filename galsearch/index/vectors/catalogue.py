"""What a build knows of every galaxy without opening Parquet: TARGETID, position, redshift."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.stored_vectors import (
    CATALOGUE_DTYPE,
    CATALOGUE_FILE,
    CATALOGUE_NAME,
    IDS_NAME,
    Ids,
    Rows,
    find_rows,
    map_array,
)


@dataclass(frozen=True, eq=False)
class PlacesSegment:
    """Galaxies that were catalogued together, and which of them were removed since."""

    directory: Path
    ids: Ids
    """(n,) ascending, unique."""
    records: npt.NDArray[Any]
    """(n,) of `CATALOGUE_DTYPE`, in the order of `ids`."""
    removed: Ids
    """TARGETIDs, ascending."""

    @classmethod
    def open(cls, directory: Path, *, n_galaxies: int, removed: Ids) -> "PlacesSegment":
        """The mapped arrays of `directory`.

        Raises
        ------
        ManifestError
            Naming the array of another shape or dtype than the manifest says.
        """
        ids = map_array(directory / IDS_NAME, (n_galaxies,), np.dtype("<i8"))
        records = map_array(directory / CATALOGUE_NAME, (n_galaxies,), CATALOGUE_DTYPE)
        return cls(directory, ids, records, removed)

    @property
    def parquet(self) -> Path:
        """Every catalogue column."""
        return self.directory / CATALOGUE_FILE


class Places:
    """The catalogue of a build by TARGETID; rows count through the segments."""

    def __init__(self, segments: Sequence[PlacesSegment]) -> None:
        self.segments = tuple(segments)
        lengths = [len(segment.ids) for segment in self.segments]
        self._starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    @cached_property
    def ids(self) -> Ids:
        """(n,) TARGETIDs that were not removed, ascending."""
        if len(self.segments) == 1 and not len(self.segments[0].removed):
            return self.segments[0].ids
        kept = [part.ids[find_rows(part.removed, part.ids) < 0] for part in self.segments]
        return np.sort(np.concatenate(kept))

    def rows_of(self, target_ids: Ids) -> Rows:
        """(n,) row of each TARGETID, -1 for one that is not in the catalogue."""
        rows = np.full(len(target_ids), -1)
        for segment, start in zip(self.segments, self._starts, strict=False):
            found = find_rows(segment.ids, target_ids)
            if len(segment.removed):
                found[find_rows(segment.removed, target_ids) >= 0] = -1
            rows = np.where(found >= 0, found + start, rows)
        return rows

    def take(self, target_ids: Ids) -> npt.NDArray[Any]:
        """(n,) records of known galaxies.

        Raises
        ------
        ManifestError
            Where a record is another galaxy's: the files do not belong together.
        """
        rows = self.rows_of(target_ids)
        if len(self.segments) == 1:
            records = self.segments[0].records[rows]
        else:
            records = np.zeros(len(rows), CATALOGUE_DTYPE)
            number = np.searchsorted(self._starts, rows, side="right") - 1
            for at, segment in enumerate(self.segments):
                mine = number == at
                records[mine] = segment.records[rows[mine] - self._starts[at]]
        if not np.array_equal(records["target_id"], target_ids):
            raise ManifestError(
                f"{self.segments[0].directory / CATALOGUE_NAME}: does not agree with the index "
                "beside it about its galaxies. Run galsearch verify."
            )
        return np.asarray(records)
