"""Embedding stores: directories of shards of one modality, made by one encoder.

The file `store.json` lists the shards. It is written last: a directory without it is unfinished.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import BoolArray, Int64Array, TargetIds, Vectors
from galsearch.core.errors import NoEmbeddingsError, ShardError, UnknownTargetError
from galsearch.core.fingerprint import Fingerprint, require_same_encoder
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.target_id import as_target_ids
from galsearch.embeddings.shard import EmbeddingShard, read_header, read_ids, read_shard
from galsearch.embeddings.store_record import SHARD_PATTERN, STORE_FILE, StoreRecord, read_record


@dataclass(frozen=True)
class EmbeddingStore:
    """The embeddings of one modality of a dataset; vectors are read from disk on request."""

    directory: Path
    record: StoreRecord

    def __len__(self) -> int:
        return self.record.n_rows

    @property
    def modality(self) -> Modality:
        """Modality of the embeddings in the store, image or spectrum."""
        return self.record.modality

    @property
    def fingerprint(self) -> Fingerprint:
        """Fingerprint of the encoder that made every embedding."""
        return self.record.fingerprint

    @property
    def dim(self) -> int:
        """Number of dimensions of an embedding."""
        return self.record.dim

    @property
    def dataset(self) -> str:
        """Path of the dataset that was embedded."""
        return self.record.dataset

    def iter_shards(self) -> Iterator[EmbeddingShard]:
        """All shards of the store in turn, of which one is in memory at a time.

        Raises
        ------
        ShardError
            Where a shard is damaged, invalid or not the one that `store.json` records.
        """
        for name in self.record.shards:
            yield self.read_named(name)

    def iter_ids(self) -> Iterator[TargetIds]:
        """(n,) TARGETIDs of each shard in turn, in ascending order within a shard."""
        for name in self.record.shards:
            yield read_ids(self.directory / name)

    def iter_vectors(self) -> Iterator[tuple[TargetIds, Vectors]]:
        """(n,) TARGETIDs and (n, d) unit vectors of each shard in turn."""
        for shard in self.iter_shards():
            yield shard.target_ids, shard.embeddings

    def read(self, target_ids: npt.ArrayLike) -> Vectors:
        """(n, d) unit vectors of the galaxies with given TARGETIDs, in the order of `target_ids`.

        Raises
        ------
        UnknownTargetError
            Where a galaxy has no embedding in this store.
        """
        wanted = as_target_ids(target_ids)
        ids, shard_numbers = self._shard_number_by_id
        rows = find_rows(ids, wanted)
        unknown = wanted[rows < 0]
        if unknown.size:
            raise UnknownTargetError(
                f"{self.directory}: no {self.modality} embedding of {unknown.size} of "
                f"{wanted.size} galaxies, first TARGETID {unknown[0]} ({len(self)} are stored)."
            )
        vectors = np.zeros((wanted.size, self.dim), np.float32)
        names = list(self.record.shards)
        number_of_wanted = shard_numbers[rows]
        for number in np.unique(number_of_wanted):
            shard = self.read_named(names[number])
            positions = np.flatnonzero(number_of_wanted == number)
            found = find_rows(shard.target_ids, wanted[positions])
            vectors[positions] = shard.embeddings[found]
        return vectors

    def holds(self, target_ids: TargetIds) -> BoolArray:
        """(n,) True for the galaxies that have an embedding in this store."""
        return find_rows(self._shard_number_by_id[0], target_ids) >= 0

    def read_named(self, name: str) -> EmbeddingShard:
        """The shard of a file name, after a check of its digest where one is recorded."""
        return read_shard(self.directory / name, sha256=self.record.digests.get(name))

    @functools.cached_property
    def _shard_number_by_id(self) -> tuple[TargetIds, Int64Array]:
        """All TARGETIDs in ascending order, and the number of the shard that holds each."""
        parts = list(self.iter_ids())
        ids = np.concatenate([np.zeros(0, np.int64), *parts])
        number = np.repeat(np.arange(len(parts)), [part.size for part in parts])
        order = np.argsort(ids, kind="stable")
        repeated = ids[order][1:][np.diff(ids[order]) == 0]
        if repeated.size:
            raise ShardError(f"{self.directory}: TARGETID {repeated[0]} is in two shards.")
        return ids[order], number[order]


def open_store(directory: str | Path, modality: Modality | str) -> EmbeddingStore:
    """The embeddings of a modality that `embed_dataset` wrote into `directory`.

    Parameters
    ----------
    directory
        Directory of the embeddings, which holds a store for each modality.
    modality
        Modality of the wanted store, such as 'image'.

    Raises
    ------
    NoEmbeddingsError
        Where the directory holds no store, or an unfinished one.
    ShardError
        Where shards are missing or damaged, or `store.json` does not list them.
    EncoderMismatchError
        Where a shard was made by another encoder than the store.
    """
    try:
        folder = Path(directory) / Modality(modality)
    except ValueError:
        raise ShardError(f"{modality!r} is not a modality; there are image and spectrum.") from None
    record = read_record(folder)
    if record is None:
        n_shards = len(list(folder.glob(SHARD_PATTERN)))
        state = f"it is unfinished ({n_shards} shards)" if n_shards else "it does not exist"
        raise NoEmbeddingsError(f"{folder}: the embedding store has no {STORE_FILE}: {state}.")
    _check_shards(folder, record)
    return EmbeddingStore(folder, record)


def _check_shards(folder: Path, record: StoreRecord) -> None:
    if record.modality != folder.name:
        raise ShardError(
            f"{folder / STORE_FILE}: is the record of {record.modality} embeddings; the directory "
            f"is named {folder.name}."
        )
    found = {path.name for path in folder.glob(SHARD_PATTERN)}
    wrong = sorted(found.symmetric_difference(record.shards))
    if wrong:
        raise ShardError(
            f"{folder}: {STORE_FILE} lists {len(record.shards)} shards, the directory holds "
            f"{len(found)}; they differ in {wrong[0]}."
        )
    for name, n_rows in record.shards.items():
        header = read_header(folder / name)
        require_same_encoder(
            {str(folder / name): header.fingerprint, STORE_FILE: record.fingerprint}
        )
        if header.modality != record.modality:
            raise ShardError(
                f"{folder / name}: holds {header.modality} embeddings; expected those of "
                f"{record.modality}."
            )
        if (header.n_rows, header.dim) != (n_rows, record.dim):
            raise ShardError(
                f"{folder / name}: holds {header.n_rows} vectors of {header.dim} dimensions, "
                f"{STORE_FILE} lists {n_rows} of {record.dim}."
            )
    if sum(record.shards.values()) != record.n_rows:
        raise ShardError(
            f"{folder}: {STORE_FILE} states {record.n_rows} embeddings, its shards hold "
            f"{sum(record.shards.values())}."
        )
