"""The files of the segments of an index: removed galaxies, catalogue, vectors, inverted lists."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ManifestError
from galsearch.core.modality import Modality
from galsearch.files.held_files import OpenDirectory
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import read_lists
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.search.outside_rows import OutsideRows
from galsearch.index.storage.manifest import (
    INVERTED_LISTS_NAME,
    QUERY_AWARE_LISTS_NAME,
    IndexManifest,
    SegmentManifest,
)
from galsearch.index.storage.map_manifest import MAP_PREFIX
from galsearch.index.vectors.array_files import (
    CATALOGUE_TABLE_NAME,
    OUTSIDE_ROWS_NAME,
    PACKED_ROWS_NAME,
    read_target_ids,
)
from galsearch.index.vectors.catalogue import CatalogueSegment
from galsearch.index.vectors.catalogue_files import CatalogueFiles
from galsearch.index.vectors.common_axes import CommonAxes
from galsearch.index.vectors.map_records import open_map_records
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

WHOLE_DIGEST_BELOW_BYTES = 256 << 20
"""FAISS files up to this size are hashed whole before FAISS reads them; larger ones sampled."""


class SegmentFiles:
    """Reads the files of one generation of an index.

    Parameters
    ----------
    opened
        Directory of the index. Files that are read later are held open, so that they are those of
        this generation whatever happens to the directory.
    manifest
        Its manifest at that generation.
    """

    def __init__(self, opened: OpenDirectory, manifest: IndexManifest) -> None:
        self._directory = opened.path
        self._open_file = opened.open_file
        self._manifest = manifest
        self._held = {
            path: opened.hold(path)
            for path in map(opened.path.joinpath, manifest.files)
            if path.name in {CATALOGUE_TABLE_NAME, INVERTED_LISTS_NAME, QUERY_AWARE_LISTS_NAME}
            or path.name.startswith(MAP_PREFIX)
        }
        self.removed: list[TargetIds] = [self._read_removed(entry) for entry in manifest.segments]
        """For each segment, the ascending TARGETIDs of galaxies that were removed since."""

    def _read_removed(self, entry: SegmentManifest) -> TargetIds:
        if entry.removed is None:
            return np.empty(0, np.int64)
        return read_target_ids(self._directory / entry.removed, open_file=self._open_file)

    def release(self) -> None:
        """Close the files; read nothing afterwards."""
        self._held.clear()

    def open_catalogue(self) -> list[CatalogueSegment]:
        """The memory-mapped catalogue of each segment.

        Raises
        ------
        ManifestError
            Where a file has another shape than the manifest states.
        """
        return [
            CatalogueSegment.open(
                self._directory / entry.path,
                n_galaxies=entry.n_galaxies,
                removed=removed,
                has_packed_rows=PurePosixPath(entry.path, PACKED_ROWS_NAME).as_posix()
                in self._manifest.files,
                open_file=self._open_file,
            )
            for entry, removed in zip(self._manifest.segments, self.removed, strict=True)
        ]

    def hold_catalogue(self) -> CatalogueFiles:
        """The Parquet files of the catalogue, held open."""
        files = [
            self._held[self._directory / entry.path / CATALOGUE_TABLE_NAME]
            for entry in self._manifest.segments
        ]
        return CatalogueFiles(files, self.removed)

    def open_map(self, kind: Modality) -> npt.NDArray[Any]:
        """The (n,) records of the map of one modality, memory-mapped, in order of TARGETID.

        Raises
        ------
        ManifestError
            Where the file has another shape than the manifest states.
        """
        entry = self._manifest.maps[kind]
        path = self._directory / entry.path
        return open_map_records(path, entry.n_galaxies, open_file=self._open_held)

    def open_vectors(self, kind: Modality) -> StoredVectors:
        """The memory-mapped vectors of one modality in all segments.

        Raises
        ------
        ManifestError
            Where a file has another shape than the manifest states.
        """
        plan = self._manifest.modalities[kind].plan
        return StoredVectors(
            [
                VectorSegment.open(
                    self._directory / entry.path / kind,
                    n_vectors=entry.n_vectors[kind],
                    dim=plan.dim,
                    store=plan.store,
                    removed=removed,
                    beside=self._names_beside(entry, kind),
                    open_file=self._open_file,
                )
                for entry, removed in zip(self._manifest.segments, self.removed, strict=True)
                if kind in entry.n_vectors
            ]
        )

    def open_outside(self, stored: StoredVectors, kind: Modality) -> OutsideRows:
        """The vectors of one modality that lie outside of the common axes.

        Raises
        ------
        ManifestError
            Where a file has another content than it should have.
        """
        entries = [entry for entry in self._manifest.segments if kind in entry.n_vectors]
        folders = [self._directory / entry.path / kind for entry in entries]
        axes = CommonAxes.read(folders[0], dim=stored.dim, open_file=self._open_file)
        rows = []
        for start, entry, folder in zip(stored.starts, entries, folders, strict=False):
            path = folder / OUTSIDE_ROWS_NAME
            own = read_target_ids(path, open_file=self._open_file)
            if len(own) and not 0 <= own.min() <= own.max() < entry.n_vectors[kind]:
                raise ManifestError(f"{path}: not rows of the vectors beside it.", path=path)
            rows.append(own + start)
        return OutsideRows.of_rows(axes, stored, np.concatenate(rows))

    def _names_beside(self, entry: SegmentManifest, kind: Modality) -> set[str]:
        """Names of the files of one modality of a segment."""
        folder = PurePosixPath(entry.path, kind)
        paths = map(PurePosixPath, self._manifest.files)
        return {path.name for path in paths if path.parent == folder}

    def read_lists(self, entry: SegmentManifest, kind: Modality) -> InvertedLists:
        """The inverted lists of one segment alone, checked and read anew.

        Raises
        ------
        ManifestError
            Where the file disagrees with the manifest.
        """
        return self._read(entry, kind, INVERTED_LISTS_NAME, self._manifest.modalities[kind].plan)

    def read_query_aware_lists(self, entry: SegmentManifest, kind: Modality) -> InvertedLists:
        """The query-aware lists of one segment alone, checked and read anew.

        Raises
        ------
        ManifestError
            Where the file disagrees with the manifest, or the index has no such lists.
        """
        described = self._manifest.modalities[kind].query_aware
        if described is None:
            raise ManifestError(f"{self._directory}: {kind} vectors have no query-aware lists.")
        return self._read(entry, kind, QUERY_AWARE_LISTS_NAME, described.plan)

    def _read(
        self, entry: SegmentManifest, kind: Modality, name: str, plan: IndexPlan
    ) -> InvertedLists:
        digest = self._manifest.files[Path(entry.path, kind, name).as_posix()]
        path = self._directory / entry.path / kind / name
        whole = digest.n_bytes <= WHOLE_DIGEST_BELOW_BYTES
        digest.check(path, whole=whole, open_file=self._open_held)
        return read_lists(
            path, plan=plan, n_vectors=entry.n_vectors[kind], open_file=self._open_held
        )

    def _open_held(self, path: Path) -> BinaryIO:
        return self._held[path].open_again()

    def read_all_lists(self, stored: StoredVectors, kind: Modality) -> InvertedLists | None:
        """The inverted lists of all segments in one, without deleted rows; None in a flat index."""
        if self._manifest.modalities[kind].plan.kind == "flat":
            return None
        return self._merged(stored, kind, self.read_lists)

    def read_all_query_aware_lists(
        self, stored: StoredVectors, kind: Modality
    ) -> InvertedLists | None:
        """The query-aware lists of all segments in one; None where the index has none."""
        if self._manifest.modalities[kind].query_aware is None:
            return None
        return self._merged(stored, kind, self.read_query_aware_lists)

    def _merged(
        self,
        stored: StoredVectors,
        kind: Modality,
        read: Callable[[SegmentManifest, Modality], InvertedLists],
    ) -> InvertedLists:
        first, *later = [
            read(entry, kind) for entry in self._manifest.segments if kind in entry.n_vectors
        ]
        if later or len(stored.deleted_rows):
            first.merge_segments(later, deleted_rows=stored.deleted_rows)
        return first
