"""Embedding stores: directories of shards of one modality, made by one encoder.

The file `store.json` lists the shards. It is written last: a directory without it is unfinished.
"""

import dataclasses
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Int64Array, TargetIds, Vectors
from galsearch.core.errors import NoEmbeddingsError, ShardError, UnknownTargetError
from galsearch.core.fingerprint import Fingerprint, require_same_encoder
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.target_id import as_target_ids
from galsearch.embeddings.shard import EmbeddingShard, read_header, read_ids, read_shard
from galsearch.files.atomic import write_json
from galsearch.files.json_input import read_json

STORE_FILE = "store.json"
SHARD_PATTERN = "part-*.parquet"


@dataclass(frozen=True)
class StoreRecord:
    """Content of `store.json`: the origin of a store and the number of rows of each shard."""

    modality: Modality
    encoder: str
    """Name of the encoder that made the embeddings."""
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the embeddings."""
    dim: int
    """Number of dimensions of an embedding."""
    n_rows: int
    """Number of embeddings, one for each galaxy of the dataset that has the modality."""
    n_missing: int
    """Number of galaxies of the dataset that lack the modality."""
    dataset: str
    """Path of the dataset that was embedded."""
    dataset_digest: str
    """SHA-256 of the embedded dataset, from `Dataset.digest`."""
    shards: dict[str, int]
    """Number of rows of each shard, by file name."""
    precision: str = "fp32"
    """Number format of the encoder's matrix products. Embeddings of one encoder are comparable
    whatever their precision."""
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each shard, by file name; empty where none is recorded, as in stores of earlier
    versions or of other tools."""
    catalogue_sha256: str | None = None
    """SHA-256 of `catalogue.parquet` beside the stores; None where none is recorded."""


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


def read_record(folder: Path) -> StoreRecord | None:
    """The record of the store in `folder`, or None where the store is unfinished or absent.

    Parameters
    ----------
    folder
        Directory of the store.

    Raises
    ------
    ShardError
        Where `store.json` is not a valid record of a store.
    """
    path = folder / STORE_FILE
    if not path.is_file():
        return None
    table = read_json(path, ShardError)
    problem = _problem_of_record(table)
    if problem:
        raise ShardError(f"{path}: not the record of a store ({problem}).")
    kinds = {
        "modality": Modality(table["modality"]),
        "fingerprint": Fingerprint(table["fingerprint"]),
    }
    return StoreRecord(**{**table, **kinds})


def _problem_of_record(table: Any) -> str:
    """Description of the fault of the value in a `store.json`; empty where it has none."""
    if not isinstance(table, dict):
        return "expected an object"
    fields = dataclasses.fields(StoreRecord)
    names = {field.name for field in fields}
    unknown = [key for key in table if key not in names]
    missing = [field.name for field in fields[:9] if field.name not in table]
    if unknown or missing:
        return f"unknown key {unknown[0]!a}" if unknown else f"no key {missing[0]!r}"
    checks = {
        "modality": table["modality"] in list(Modality),
        "fingerprint": _is_digest(table["fingerprint"]),
        "dim": _is_count(table["dim"]) and table["dim"] > 0,
        "n_rows": _is_count(table["n_rows"]),
        "n_missing": _is_count(table["n_missing"]),
        "shards": isinstance(table["shards"], dict)
        and all(map(_is_count, table["shards"].values())),
        "digests": _are_digests(table.get("digests", {}), table["shards"]),
        "catalogue_sha256": table.get("catalogue_sha256") is None
        or _is_digest(table["catalogue_sha256"]),
    }
    texts = ("encoder", "dataset", "dataset_digest", "precision")
    checks |= {name: isinstance(table.get(name, ""), str) for name in texts}
    return next((f"no valid value of {name!r}" for name, valid in checks.items() if not valid), "")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _are_digests(digests: Any, shards: Any) -> bool:
    """True for digests of all shards or of none."""
    if not isinstance(digests, dict) or not isinstance(shards, dict):
        return False
    if not all(map(_is_digest, digests.values())):
        return False
    return not digests or digests.keys() == shards.keys()


def write_record(folder: Path, record: StoreRecord) -> None:
    """Write the record of a store as `store.json`, atomically."""
    write_json(folder / STORE_FILE, dataclasses.asdict(record))


def remove_record(folder: Path) -> None:
    """Remove `store.json`; a store without that file counts as unfinished."""
    (folder / STORE_FILE).unlink(missing_ok=True)


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
