"""An index directory opened for search: memory-mapped vectors, catalogue and inverted lists."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.core.errors import MissingModalityError, RoundedVectorsError
from galsearch.core.modality import Modality
from galsearch.files.digest import sha256_of_text
from galsearch.files.forks import ForkSafeLock, begin
from galsearch.files.held_files import OpenDirectory
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.search.device import Device
from galsearch.index.search.modality_index import CandidateSource, ModalityIndex
from galsearch.index.search.outside_rows import OutsideRows
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.search.search_result import SearchResult
from galsearch.index.search.search_settings import SearchSettings, tuned_settings
from galsearch.index.search.segment_files import SegmentFiles
from galsearch.index.storage.manifest import IndexManifest
from galsearch.index.vectors.array_files import CATALOGUE_DTYPE, IDS_NAME
from galsearch.index.vectors.catalogue import Catalogue, CatalogueSegment
from galsearch.index.vectors.stored_vectors import StoredVectors

_NO_RECORD = np.array((0, np.nan, np.nan, np.nan), CATALOGUE_DTYPE)


class GalaxyIndex:
    """An index directory, opened read-only and safe to share between threads.

    Made by `open_build`. Inverted lists are read at the first query that needs them. All files
    are held open: the index answers as it was opened, whatever is added, removed or compacted,
    and also after its directory was replaced, renamed or deleted.

    An index can be pickled: its absolute path and its device are, and the receiver opens it again.
    If the directory holds another build or generation then, that is an `IndexChangedError`.

    Parameters
    ----------
    directory
        Directory of the index.
    manifest
        The manifest of a generation whose files are in it.
    device
        Device that proposes candidates for queries without a filter.
    """

    def __init__(
        self,
        directory: Path | OpenDirectory,
        manifest: IndexManifest,
        device: Device = "cpu",
    ) -> None:
        if isinstance(directory, Path):
            with OpenDirectory(directory) as opened:
                self._open(opened, manifest)
        else:
            self._open(directory, manifest)
        self.device = device
        self.open_again: Callable[[Path, Device, str], GalaxyIndex] | None = None
        """Opens the index of a path, a device and a digest, for pickle; set by `open_build`."""
        self._settings: dict[tuple[Modality | None, Modality], SearchSettings] = {}
        self._lock = ForkSafeLock()
        self._modalities: dict[Modality, ModalityIndex] = {}

    def _open(self, opened: OpenDirectory, manifest: IndexManifest) -> None:
        """Open every file of a generation, so that each is of that generation ever after."""
        self.directory = opened.path
        self.manifest = manifest
        self._read_locks = [
            opened.lock(opened.path / entry.path / IDS_NAME) for entry in manifest.segments
        ]
        self.segment_files = SegmentFiles(opened, manifest)
        """Reads the files of single segments."""
        self._catalogue = Catalogue(self.segment_files.open_catalogue())
        self._stored = {kind: self.segment_files.open_vectors(kind) for kind in manifest.modalities}
        self._outside = {
            kind: self.segment_files.open_outside(self._stored[kind], kind)
            for kind, entry in manifest.modalities.items()
            if entry.outside is not None
        }
        n_rows = sum(entry.n_galaxies for entry in manifest.segments)
        # Where every galaxy has a vector, its vector and its record are in the same row.
        self._complete = {kind for kind, some in self._stored.items() if some.n_rows == n_rows}
        self.catalogue_files = self.segment_files.hold_catalogue()
        """The Parquet files of the catalogue, for filters."""

    def __reduce__(self) -> tuple[Any, ...]:
        """The path, the device and a digest of the manifest, with which pickle opens it again."""
        if self.open_again is None:
            raise TypeError(f"{self.directory}: an index that is being changed cannot be pickled")
        return self.open_again, (self.directory, self.device, self.digest())

    def __deepcopy__(self, memo: object) -> "GalaxyIndex":
        """The index itself, which is read-only."""
        return self

    def digest(self) -> str:
        """A digest of the manifest, which differs between builds and generations."""
        return sha256_of_text(json.dumps(self.manifest.as_table(), sort_keys=True))

    def release(self) -> None:
        """Close the files, so that later changes may remove them; search nothing afterwards."""
        self._read_locks.clear()
        self.segment_files.release()
        self.catalogue_files.close()

    def __len__(self) -> int:
        """Number of galaxies in the catalogue."""
        return self.manifest.n_galaxies

    @property
    def ids(self) -> TargetIds:
        """(n,) TARGETIDs of the catalogue, ascending."""
        return self._catalogue.ids

    @property
    def catalogue_segments(self) -> tuple[CatalogueSegment, ...]:
        """The catalogue of each segment: its files, and the galaxies removed from it since."""
        return self._catalogue.segments

    def catalogue_rows(self, target_ids: TargetIds) -> Rows:
        """(n,) row of each TARGETID in the catalogue, -1 for one that the index does not hold."""
        return self._catalogue.rows_of(target_ids)

    def catalogue_records(self, target_ids: TargetIds) -> npt.NDArray[Any]:
        """(n,) records of galaxies of the index: target_id, ra_deg, dec_deg, z (NaN if unknown).

        Raises
        ------
        ManifestError
            Where a record has another TARGETID than its row: the files do not belong together.
        """
        return self._catalogue.take(target_ids)

    def records_of(self, found: SearchResult, among: Modality) -> npt.NDArray[Any]:
        """(q, k) catalogue records of the neighbours that a search of a modality found.

        The records of padding have TARGETID 0 and are NaN otherwise.

        Raises
        ------
        ManifestError
            Where the catalogue does not hold a neighbour: the files do not belong together.
        """
        wanted, rows = found.target_ids.reshape(-1), found.rows.reshape(-1)
        records = np.full(wanted.shape, _NO_RECORD)
        present = slice(None) if (rows >= 0).all() else rows >= 0
        if among in self._complete:
            records[present] = self._catalogue.records_at(rows[present])
        if not np.array_equal(records["target_id"], wanted):
            records[present] = self._catalogue.take(wanted[present])
        return records.reshape(found.target_ids.shape)

    def map_records(self, kind: Modality) -> npt.NDArray[Any] | None:
        """(n,) records of the map of a modality, in order of TARGETID: target_id, x, y, is_fitted.

        Galaxies that were added after the map was made have none. None where there is no map.

        Raises
        ------
        ManifestError
            Where the file has another shape than the manifest states.
        """
        return self.segment_files.open_map(kind) if kind in self.manifest.maps else None

    def stored(self, kind: Modality) -> StoredVectors:
        """The memory-mapped vectors of a modality.

        Raises
        ------
        MissingModalityError
            Where the index has none.
        """
        if kind not in self._stored:
            present = " and ".join(self._stored)
            raise MissingModalityError(
                f"index '{self.manifest.recipe.name}' has no {kind} vectors; it was built of "
                f"{present} vectors alone."
            )
        return self._stored[kind]

    def outside(self, kind: Modality) -> OutsideRows | None:
        """The vectors of a modality outside of its common axes; None where nothing is outside."""
        return self._outside.get(kind)

    def settings(self, using: Modality | None, among: Modality) -> SearchSettings:
        """The settings that the build tuned for a direction; see `tuned_settings`."""
        if (using, among) not in self._settings:
            self._settings[using, among] = tuned_settings(self.manifest.directions, using, among)
        return self._settings[using, among]

    def modality(self, kind: Modality) -> ModalityIndex:
        """The index over one modality; its inverted lists are read and checked at the first call.

        Raises
        ------
        MissingModalityError
            Where the index has no such vectors.
        ManifestError
            Where a file of lists disagrees with the manifest.
        NoGpuError
            Where a GPU is required and cannot hold the lists.
        ForkedProcessError
            Where GPUs are used, and this process was forked from one that had used them.
        """
        modality = self._modalities.get(kind)
        if modality is None:
            with self._lock:
                if kind not in self._modalities:
                    self._modalities[kind] = self._open_modality(kind)
                modality = self._modalities[kind]
        if modality.on_gpu is not None:
            begin("GPUs")
        return modality

    def _open_modality(self, kind: Modality) -> ModalityIndex:
        stored = self.stored(kind)
        lists = self.segment_files.read_all_lists(stored, kind)
        query_aware = self.segment_files.read_all_query_aware_lists(stored, kind)
        return ModalityIndex(
            stored,
            lists,
            self._on_gpu(kind, lists),
            query_aware,
            self._on_gpu(kind, query_aware),
            self._outside.get(kind),
        )

    def _on_gpu(self, kind: Modality, lists: InvertedLists | None) -> CandidateSource | None:
        if lists is None or self.device == "cpu":
            return None
        # Imported here: a search on the CPU needs no part of it.
        from galsearch.index.ivf.gpu_lists import copy_to_gpus

        begin("GPUs")
        return copy_to_gpus(lists, self.stored(kind), self.device)

    def search(
        self,
        queries: Vectors,
        *,
        among: Modality,
        k: int,
        using: Modality | None = None,
        exclude_rows: Rows | None = None,
        n_probe: int | None = None,
        rerank: float | None = None,
        exact: bool = False,
        row_filter: RowFilter | None = None,
    ) -> SearchResult:
        """The `k` stored vectors of the modality `among` that are nearest to each query.

        Parameters
        ----------
        queries : (q, d) float32 unit rows
        among
            Modality that is searched.
        using
            Modality of the queries: selects the settings that the build tuned for the direction.
        exclude_rows : (q,) int64
            Row of each query galaxy itself in the modality `among`, which is left out; -1 for
            none.
        n_probe, rerank
            Replace the tuned settings; more lists are probed where these hold too few vectors.
        exact
            Compare every vector as it was embedded.
        row_filter
            The vectors that may be found, made by the method `row_filter`; by default all.

        Returns
        -------
        SearchResult
            Arrays (q, min(k, n)) for n vectors that may be found.

        Raises
        ------
        RoundedVectorsError
            Where `exact` is requested and the index keeps only rounded vectors.
        """
        if exact and self.stored(among).originals is None:
            store = self.manifest.modalities[among].plan.store
            raise RoundedVectorsError(
                f"exact search compares vectors as they were embedded, and index "
                f"'{self.manifest.recipe.name}' keeps its {among} vectors only rounded to {store}.",
                store=store,
            )
        settings = self.settings(using, among)
        if n_probe or rerank:
            settings = settings.replaced(n_probe, rerank)
        return self.modality(among).search(
            queries,
            k=k,
            exclude_rows=exclude_rows,
            settings=settings,
            exact=exact,
            row_filter=row_filter,
            cross_modal=using not in (None, among),
        )

    def row_filter(self, target_ids: TargetIds, among: Modality) -> RowFilter:
        """The vectors that these galaxies have of the modality `among`, for `search`."""
        return RowFilter(self.stored(among), target_ids)
