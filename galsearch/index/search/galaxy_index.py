"""An index directory opened for search: its files are checked, memory-mapped and held."""

import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Rows, TargetIds, Vectors
from galsearch.core.errors import (
    ConfigError,
    ManifestError,
    MissingModalityError,
    UnknownTargetError,
)
from galsearch.core.modality import Modality
from galsearch.files.lock import hold_for_reading
from galsearch.index.ivf.faiss_api import n_gpus
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import read_lists
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.search.modality_index import CandidateSource, OpenModality, SearchSettings
from galsearch.index.search.row_filter import RowFilter
from galsearch.index.search.search_result import SearchResult
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import (
    INVERTED_LISTS_NAME,
    QUERY_AWARE_LISTS_NAME,
    IndexManifest,
    SegmentManifest,
)
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.index.vectors.array_files import CATALOGUE_DTYPE, IDS_NAME
from galsearch.index.vectors.catalogue import Catalogue, CatalogueSegment
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

Device = Literal["cpu", "gpu", "auto"]
WHOLE_DIGEST_BELOW_BYTES = 256 << 20
"""FAISS files up to this size are hashed whole before FAISS reads them; larger ones sampled."""
_PLURAL = {Modality.IMAGE: "images", Modality.SPECTRUM: "spectra"}
_NO_RECORD = np.array((0, np.nan, np.nan, np.nan), CATALOGUE_DTYPE)


class GalaxyIndex:
    """An index directory, opened read-only and safe to share between threads.

    Made by `open_build`. Inverted lists are read at the first query that needs them. While it is
    open, the files of its generation stay, whatever is added, removed or compacted.
    """

    def __init__(self, directory: Path, manifest: IndexManifest, device: Device = "cpu") -> None:
        self.directory = directory
        self.manifest = manifest
        self.device = device
        self._holds: list[weakref.finalize[Any, Any]] = [
            weakref.finalize(self, os.close, hold_for_reading(directory / entry.path / IDS_NAME))
            for entry in manifest.segments
        ]
        removed = [_removed(directory, entry) for entry in manifest.segments]
        segments = [
            CatalogueSegment.open(directory / entry.path, n_galaxies=entry.n_galaxies, removed=ids)
            for entry, ids in zip(manifest.segments, removed, strict=True)
        ]
        self._catalogue = Catalogue(segments)
        self._stored = {
            kind: StoredVectors(
                [
                    VectorSegment.open(
                        directory / entry.path / kind,
                        n_vectors=entry.n_vectors[kind],
                        dim=described.plan.dim,
                        store=described.plan.store,
                        removed=ids,
                    )
                    for entry, ids in zip(manifest.segments, removed, strict=True)
                    if kind in entry.n_vectors
                ]
            )
            for kind, described in manifest.modalities.items()
        }
        n_rows = sum(entry.n_galaxies for entry in manifest.segments)
        # Where every galaxy has a vector, it stands in the row of the galaxy's record.
        self._complete = {kind for kind, some in self._stored.items() if some.n_rows == n_rows}
        # Opened here, so that a filter reads this generation's files even if paths change later.
        self._tables: list[tuple[BinaryIO, TargetIds]] = [
            (segment.parquet.open("rb"), segment.removed) for segment in segments
        ]
        self._holds += [weakref.finalize(self, table.close) for table, _ in self._tables]
        self._settings: dict[tuple[Modality | None, Modality], SearchSettings] = {}
        self._lock = threading.Lock()
        self._open: dict[Modality, OpenModality] = {}

    def release(self) -> None:
        """Close the files, so that later changes may remove them; search nothing afterwards."""
        for let_go in self._holds:
            let_go()

    def __len__(self) -> int:
        """Number of galaxies in the catalogue."""
        return self.manifest.n_galaxies

    @property
    def ids(self) -> TargetIds:
        """(n,) TARGETIDs of the catalogue, ascending."""
        return self._catalogue.ids

    @property
    def catalogues(self) -> list[tuple[Path, TargetIds]]:
        """Path of each Parquet file with all catalogue columns, and its removed TARGETIDs."""
        return [(part.parquet, part.removed) for part in self._catalogue.segments]

    @property
    def catalogue_tables(self) -> list[tuple[BinaryIO, TargetIds]]:
        """The Parquet files of `catalogues`, open since the index was, and removed TARGETIDs."""
        return self._tables

    def catalogue_rows(self, target_ids: TargetIds) -> Rows:
        """(n,) row of each TARGETID in the catalogue, -1 for one that the index does not hold."""
        return self._catalogue.rows_of(target_ids)

    def places(self, target_ids: TargetIds) -> npt.NDArray[Any]:
        """(n,) records of target_id, ra_deg, dec_deg, z (NaN unknown) of galaxies of the index.

        Raises
        ------
        ManifestError
            Where a record is another galaxy's: the files do not belong together.
        """
        return self._catalogue.take(target_ids)

    def records_of(self, found: SearchResult, among: Modality) -> npt.NDArray[Any]:
        """(q, k) catalogue records of the neighbours that a search of a modality found.

        Padding has TARGETID 0 and NaN.

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

    def resolve(
        self, target_ids: TargetIds, using: Modality, among: Modality
    ) -> tuple[Vectors, Rows]:
        """Vectors of stored galaxies, and their rows in the modality that is searched.

        Returns
        -------
        vectors : (n, d) float32 unit rows of the modality `using`
        rows : (n,) rows of the modality `among`, -1 where a galaxy has none

        Raises
        ------
        UnknownTargetError
            Where the index does not hold a galaxy.
        MissingModalityError
            Where a galaxy, or the whole index, has no vector of the modality `using`.
        """
        stored = self.stored(using)
        rows = stored.rows_of(target_ids)
        if (rows < 0).any():
            self._refuse(target_ids[rows < 0], using)
        vectors = stored.take(rows)
        if among == using:
            return vectors, rows
        searched = self.stored(among)
        # Galaxies that all have both modalities stand in the same rows of both.
        if searched.n_rows == stored.n_rows and np.array_equal(searched.ids_at(rows), target_ids):
            return vectors, rows
        return vectors, searched.rows_of(target_ids)

    def _refuse(self, target_ids: TargetIds, using: Modality) -> None:
        name = self.manifest.recipe.name
        unknown = target_ids[self.catalogue_rows(target_ids) < 0]
        if len(unknown):
            raise UnknownTargetError(
                f"TARGETID {unknown[0]} is not in index '{name}' ({len(self):,} galaxies).",
                target_id=int(unknown[0]),
            )
        counts = ", ".join(
            f"{entry.n_vectors:,} {_PLURAL[kind]}"
            for kind, entry in self.manifest.modalities.items()
        )
        known = [
            kind for kind in self._stored if self._stored[kind].rows_of(target_ids[:1])[0] >= 0
        ]
        other = f"its {known[0]} embedding is present" if known else "it has no embedding at all"
        raise MissingModalityError(
            f"TARGETID {target_ids[0]} has no {using} embedding in index '{name}' ({counts}); "
            f"{other}.",
            target_id=int(target_ids[0]),
            using=using,
        )

    def stored(self, kind: Modality) -> StoredVectors:
        """The memory-mapped vectors of a modality.

        Raises
        ------
        MissingModalityError
            Where the build has none.
        """
        if kind not in self._stored:
            present = " and ".join(self._stored)
            raise MissingModalityError(
                f"index '{self.manifest.recipe.name}' has no {kind} vectors; it was built of "
                f"{present} vectors alone."
            )
        return self._stored[kind]

    def settings(self, using: Modality | None, among: Modality) -> SearchSettings:
        """What the build tuned for a direction; where `using` is not known, the deeper one."""
        if (using, among) not in self._settings:
            self._settings[using, among] = self._find_settings(using, among)
        return self._settings[using, among]

    def _find_settings(self, using: Modality | None, among: Modality) -> SearchSettings:
        entries = [
            entry
            for entry in self.manifest.directions
            if entry.among == among and using in (None, entry.using)
        ] or [entry for entry in self.manifest.directions if entry.among == among]
        return SearchSettings(
            n_probe=max((entry.n_probe for entry in entries), default=1),
            rerank=max((entry.rerank for entry in entries), default=1),
        )

    def modality(self, kind: Modality) -> OpenModality:
        """The index over one modality, its inverted lists read and checked once."""
        opened = self._open.get(kind)
        if opened is None:
            with self._lock:
                if kind not in self._open:
                    self._open[kind] = self._open_modality(kind)
                opened = self._open[kind]
        return opened

    def _open_modality(self, kind: Modality) -> OpenModality:
        stored, lists, cross = self.stored(kind), None, None
        described = self.manifest.modalities[kind]
        if described.plan.kind != "flat":
            lists = self._joined(kind, self.read_lists)
        if described.query_aware is not None:
            cross = self._joined(kind, self.read_query_aware_lists)
        return OpenModality(
            stored, lists, self._on_gpu(kind, lists), cross, self._on_gpu(kind, cross)
        )

    def _on_gpu(self, kind: Modality, lists: InvertedLists | None) -> CandidateSource | None:
        if lists is None or self.device == "cpu":
            return None
        # Imported here: a search on the CPU needs no part of it.
        from galsearch.index.ivf.gpu_lists import copy_to_gpus

        return copy_to_gpus(lists, self.stored(kind), self.device)

    def _joined(
        self, kind: Modality, read: Callable[[SegmentManifest, Modality], InvertedLists]
    ) -> InvertedLists:
        """The lists of all segments in one, without removed galaxies."""
        first, *later = [
            read(entry, kind) for entry in self.manifest.segments if kind in entry.n_vectors
        ]
        deleted_rows = self._stored[kind].deleted_rows
        if later or len(deleted_rows):
            first.merge_segments(later, deleted_rows=deleted_rows)
        return first

    def read_lists(self, entry: SegmentManifest, kind: Modality) -> InvertedLists:
        """The inverted lists of one segment alone, checked and read anew."""
        return self._read(entry, kind, INVERTED_LISTS_NAME, self.manifest.modalities[kind].plan)

    def read_query_aware_lists(self, entry: SegmentManifest, kind: Modality) -> InvertedLists:
        """The query-aware lists of one segment alone, checked and read anew."""
        described = self.manifest.modalities[kind].query_aware
        if described is None:
            raise ManifestError(f"{self.directory}: {kind} vectors have no query-aware lists.")
        return self._read(entry, kind, QUERY_AWARE_LISTS_NAME, described.plan)

    def _read(
        self, entry: SegmentManifest, kind: Modality, name: str, plan: IndexPlan
    ) -> InvertedLists:
        path = Path(entry.path, kind, name)
        digest = self.manifest.files[path.as_posix()]
        digest.check(self.directory / path, whole=digest.n_bytes <= WHOLE_DIGEST_BELOW_BYTES)
        return read_lists(self.directory / path, plan=plan, n_vectors=entry.n_vectors[kind])

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
            Row of each query galaxy itself in the modality `among`, which is not found; -1 for
            none.
        n_probe, rerank
            In place of the tuned settings; more lists are probed where these hold too few vectors.
        exact
            Compare every stored vector.
        row_filter
            The vectors that may be found, made by the method `row_filter`; by default all.

        Returns
        -------
        SearchResult
            Arrays (q, min(k, n)) for n vectors that may be found.
        """
        settings = self.settings(using, among)
        if n_probe or rerank:
            settings = SearchSettings(n_probe or settings.n_probe, rerank or settings.rerank)
        return self.modality(among).search(
            queries,
            k=k,
            exclude_rows=exclude_rows,
            settings=settings,
            exact=exact,
            row_filter=row_filter,
            crossing=using not in (None, among),
        )

    def row_filter(self, target_ids: TargetIds, among: Modality) -> RowFilter:
        """The vectors that these galaxies have of the modality `among`, for `search`."""
        return RowFilter(self.stored(among), target_ids)


def open_build(directory: str | Path | None = None, *, device: Device = "cpu") -> GalaxyIndex:
    """The index in `directory`, checked cheaply; by default the only one in `index_builds`.

    Every file of the manifest must be there with its size and with the digest of a sample of its
    content: all of a file up to 1 MiB; of a larger one both ends and 16 blocks between. FAISS
    files are checked again, whole up to 256 MiB, just before FAISS reads them. A byte changed
    inside a larger file is found by `verify` alone.

    Parameters
    ----------
    device
        What proposes candidates to questions without a filter: `cpu`, `gpu` (every one that FAISS
        sees) or `auto` (a GPU where one is and can). The lists are copied at the first question.

    Raises
    ------
    ConfigError
        Where `device` is none of these, or a GPU is insisted on and FAISS sees none.
    ManifestError
        Naming the file that is missing, truncated, exchanged or changed.
    EncoderMismatchError
        Where the modalities come from different encoders.
    """
    check_device(device)
    directory = find_build() if directory is None else Path(directory)
    while True:
        manifest = read_manifest(directory)
        try:
            for name, digest in manifest.files.items():
                digest.check(directory / name, whole=False)
            return GalaxyIndex(directory, manifest, device)
        except (ManifestError, FileNotFoundError):
            # A change may have been swapped in between reading the manifest and its files.
            if read_manifest(directory).generation == manifest.generation:
                raise


def check_device(device: str) -> None:
    """Where questions are answered can be such."""
    if device not in ("cpu", "gpu", "auto"):
        raise ConfigError(f"device = {device!r} is none of auto, cpu, gpu.")
    if device == "gpu" and not n_gpus():
        raise ConfigError(
            "device = 'gpu' and FAISS sees no GPU. Install 'galsearch[gpu]' on a machine with an "
            "NVIDIA GPU, or use device = 'auto'."
        )


def _removed(directory: Path, entry: SegmentManifest) -> TargetIds:
    if entry.removed is None:
        return np.empty(0, np.int64)
    return np.asarray(np.load(directory / entry.removed, allow_pickle=False), np.int64)
