"""A build opened for questions: its files checked, mapped and held."""

import importlib
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.errors import ConfigError, ManifestError, MissingModalityError
from galsearch.core.modality import Modality
from galsearch.files.lock import hold_for_reading
from galsearch.index.ivf.faiss_api import n_gpus
from galsearch.index.ivf.inverted_lists import InvertedLists
from galsearch.index.ivf.lists_file import read_lists
from galsearch.index.plan.index_plan import IndexPlan
from galsearch.index.search.modality_index import Hits, OpenModality, Proposer, SearchSettings
from galsearch.index.search.row_filter import Selection
from galsearch.index.storage.find_build import find_build
from galsearch.index.storage.manifest import (
    CROSS_LISTS_NAME,
    INVERTED_LISTS_NAME,
    IndexManifest,
    SegmentManifest,
)
from galsearch.index.storage.manifest_json import read_manifest
from galsearch.index.vectors.array_files import IDS_NAME
from galsearch.index.vectors.catalogue import Catalogue, CatalogueSegment
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

Device = Literal["cpu", "gpu", "auto"]
WHOLE_DIGEST_BELOW_BYTES = 256 << 20
"""FAISS files up to this size are hashed whole before FAISS reads them; larger ones sampled."""


class GalaxyIndex:
    """An index directory, opened read-only and safe to share between threads.

    Made by `open_build`. Inverted lists are read at the first question that needs them. While it
    is open, the files of its generation stay, whatever is added, removed or compacted.
    """

    def __init__(self, directory: Path, manifest: IndexManifest, device: Device = "cpu") -> None:
        self.directory = directory
        self.manifest = manifest
        self.device = device
        self._holds = [
            weakref.finalize(self, os.close, hold_for_reading(directory / entry.path / IDS_NAME))
            for entry in manifest.segments
        ]
        removed = [_removed(directory, entry) for entry in manifest.segments]
        self._catalogue = Catalogue(
            [
                CatalogueSegment.open(
                    directory / entry.path, n_galaxies=entry.n_galaxies, removed=ids
                )
                for entry, ids in zip(manifest.segments, removed, strict=True)
            ]
        )
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
        self._settings: dict[tuple[Modality | None, Modality], SearchSettings] = {}
        self._lock = threading.Lock()
        self._open: dict[Modality, OpenModality] = {}

    def release(self) -> None:
        """Let the files be removed that later generations do not use; ask nothing afterwards."""
        for let_go in self._holds:
            let_go()

    def __len__(self) -> int:
        """Galaxies in the catalogue."""
        return self.manifest.n_galaxies

    @property
    def ids(self) -> TargetIds:
        """(n,) TARGETIDs of the catalogue, ascending."""
        return self._catalogue.ids

    @property
    def catalogues(self) -> list[tuple[Path, TargetIds]]:
        """The Parquet files with every catalogue column, and which of their galaxies are gone."""
        return [(part.parquet, part.removed) for part in self._catalogue.segments]

    def catalogue_rows(self, target_ids: TargetIds) -> npt.NDArray[np.int64]:
        """(n,) a number for each TARGETID, -1 for one that the build does not hold."""
        return self._catalogue.rows_of(target_ids)

    def places(self, target_ids: TargetIds) -> npt.NDArray[Any]:
        """(n,) records of target_id, ra_deg, dec_deg, z (NaN unknown) of known galaxies.

        Raises
        ------
        ManifestError
            Where a record is another galaxy's: the files do not belong together.
        """
        return self._catalogue.take(target_ids)

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
        if described.cross is not None:
            cross = self._joined(kind, self.read_cross_lists)
        return OpenModality(
            stored, lists, self._on_gpu(kind, lists), cross, self._on_gpu(kind, cross)
        )

    def _on_gpu(self, kind: Modality, lists: InvertedLists | None) -> Proposer | None:
        if lists is None or self.device == "cpu":
            return None
        # Imported here: the host alone needs no part of it.
        gpu_lists = importlib.import_module("galsearch.index.ivf.gpu_lists")
        copied: Proposer | None = gpu_lists.copy_to_gpus(lists, self.stored(kind), self.device)
        return copied

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

    def read_cross_lists(self, entry: SegmentManifest, kind: Modality) -> InvertedLists:
        """The cross lists of one segment alone, checked and read anew."""
        cross = self.manifest.modalities[kind].cross
        if cross is None:
            raise ManifestError(f"{self.directory}: {kind} vectors have no cross lists.")
        return self._read(entry, kind, CROSS_LISTS_NAME, cross.plan)

    def _read(
        self, entry: SegmentManifest, kind: Modality, name: str, plan: IndexPlan
    ) -> InvertedLists:
        path = Path(entry.path, kind, name)
        digest = self.manifest.files[path.as_posix()]
        digest.check(self.directory / path, whole=digest.n_bytes <= WHOLE_DIGEST_BELOW_BYTES)
        return read_lists(self.directory / path, plan=plan, n_vectors=entry.n_vectors[kind])

    def search(
        self,
        questions: Vectors,
        *,
        among: Modality,
        k: int,
        using: Modality | None = None,
        exclude: TargetIds | None = None,
        n_probe: int | None = None,
        rerank: float | None = None,
        exact: bool = False,
        selection: Selection | None = None,
    ) -> list[Hits]:
        """The nearest galaxies of each question.

        Parameters
        ----------
        questions : (n, d) float32 unit rows
        among
            What is searched.
        using
            What asks: picks the depth that was tuned for the direction.
        exclude : (n,) int64
            For each question a TARGETID that must not answer; 0 for none.
        n_probe, rerank
            In place of the tuned ones; more lists are read where these hold too few vectors.
        exact
            Compare every stored vector.
        selection
            Those that may answer, made by `select`; default: all.

        Returns
        -------
        list of Hits
            `min(k, selected)` neighbours each, one fewer where the excluded galaxy is selected.
        """
        settings = self.settings(using, among)
        if n_probe or rerank:
            settings = SearchSettings(n_probe or settings.n_probe, rerank or settings.rerank)
        return self.modality(among).search(
            questions,
            k=k,
            exclude=exclude,
            settings=settings,
            exact=exact,
            selection=selection,
            crossing=using not in (None, among),
        )

    def select(self, target_ids: TargetIds, among: Modality) -> Selection:
        """Those of these galaxies that have a vector of the modality `among`, for `search`."""
        return Selection(self.stored(among), target_ids)


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
