"""The catalogue records of an index (TARGETID, position, redshift) in memory-mapped files.

The records hold the columns that every result shows, so that a query reads no Parquet file.
`ids.npy` repeats their TARGETIDs as a plain array, so that a look-up reads only ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, TargetIds
from galsearch.core.errors import ManifestError
from galsearch.core.ids import find_rows
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.vectors.array_files import (
    CATALOGUE_DTYPE,
    CATALOGUE_RECORDS_NAME,
    CATALOGUE_TABLE_NAME,
    IDS_NAME,
    map_array,
)
from galsearch.index.vectors.packed_rows import PackedRows


@dataclass(frozen=True, eq=False)
class CatalogueSegment:
    """A part of a catalogue: records that were written together, and TARGETIDs removed since."""

    directory: Path
    ids: TargetIds
    """TARGETIDs of the segment, shape (n,), in ascending order and each only once."""
    records: npt.NDArray[Any]
    """Catalogue records (TARGETID, position, redshift), shape (n,), in order of TARGETID."""
    removed: TargetIds
    """TARGETIDs of galaxies that were removed after the segment was written, ascending."""
    packed: PackedRows | None = None
    """All columns row by row; None in a segment that an earlier version wrote."""

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        n_galaxies: int,
        removed: TargetIds,
        has_packed_rows: bool,
        open_file: OpenFile = open_binary,
    ) -> "CatalogueSegment":
        """The memory-mapped catalogue segment in `directory`.

        Raises
        ------
        ManifestError
            Where an array has another shape or dtype than the manifest states.
        """
        n, records_path = (n_galaxies,), directory / CATALOGUE_RECORDS_NAME
        ids = map_array(directory / IDS_NAME, n, np.dtype("<i8"), open_file=open_file)
        records = map_array(records_path, n, CATALOGUE_DTYPE, open_file=open_file)
        packed = None
        if has_packed_rows:
            packed = PackedRows.open(directory, n_galaxies=n_galaxies, open_file=open_file)
        return cls(directory, ids, records, removed, packed)

    @property
    def parquet(self) -> Path:
        """Path of the Parquet file with all catalogue columns of this segment."""
        return self.directory / CATALOGUE_TABLE_NAME


class Catalogue:
    """The catalogue records of an index, addressed by row and by TARGETID; read-only.

    Rows are numbered from 0 through all segments.
    """

    def __init__(self, segments: Sequence[CatalogueSegment]) -> None:
        self.segments = tuple(segments)
        lengths = [len(segment.ids) for segment in self.segments]
        self._starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)

    @cached_property
    def ids(self) -> TargetIds:
        """TARGETIDs of the galaxies that have not been removed, shape (n,), ascending."""
        if len(self.segments) == 1 and not len(self.segments[0].removed):
            return self.segments[0].ids
        present = [part.ids[find_rows(part.removed, part.ids) < 0] for part in self.segments]
        return np.sort(np.concatenate(present))

    def rows_of(self, target_ids: TargetIds) -> Rows:
        """The catalogue row of each TARGETID; -1 for one that is unknown or has been removed."""
        rows = np.full(len(target_ids), -1)
        for segment, start in zip(self.segments, self._starts, strict=False):
            found = find_rows(segment.ids, target_ids)
            if len(segment.removed):
                found[find_rows(segment.removed, target_ids) >= 0] = -1
            rows = np.where(found >= 0, found + start, rows)
        return rows

    def records_at(self, rows: Rows) -> npt.NDArray[Any]:
        """Catalogue records (TARGETID, position, redshift) in the given rows, shape (n,)."""
        if len(self.segments) == 1:
            return np.asarray(self.segments[0].records[rows])
        records = np.zeros(len(rows), CATALOGUE_DTYPE)
        number = np.searchsorted(self._starts, rows, side="right") - 1
        for i, segment in enumerate(self.segments):
            mask = number == i
            records[mask] = segment.records[rows[mask] - self._starts[i]]
        return records

    def take(self, target_ids: TargetIds) -> npt.NDArray[Any]:
        """Catalogue records (TARGETID, position, redshift) of the given galaxies, shape (n,).

        The catalogue must hold every one of the galaxies.

        Raises
        ------
        ManifestError
            Where a record has another TARGETID than `ids.npy` states for its row.
        """
        records = self.records_at(self.rows_of(target_ids))
        if not np.array_equal(records["target_id"], target_ids):
            path = self.segments[0].directory / CATALOGUE_RECORDS_NAME
            raise ManifestError(
                f"{path}: its records are of other galaxies than ids.npy beside it states.",
                path=path,
            )
        return records
