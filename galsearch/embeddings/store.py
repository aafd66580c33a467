"""A directory of shards: every embedding of one modality, made by one encoder."""

import dataclasses
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import EncoderMismatchError, ShardError, UnknownTargetError
from galsearch.core.modality import Modality
from galsearch.core.target_id import as_target_ids
from galsearch.embeddings.shard import EmbeddingShard, read_header, read_ids, read_shard
from galsearch.files.atomic import new_file

STORE_FILE = "store.json"
SHARD_PATTERN = "part-*.parquet"
_AGAIN = "Run galsearch embed again with the same dataset and directory."


@dataclass(frozen=True)
class StoreRecord:
    """What `store.json` says; it is written last, so where it is, the store is whole."""

    modality: Modality
    encoder: str
    """What people call it."""
    fingerprint: str
    dim: int
    n_rows: int
    """Embeddings: the galaxies of the dataset that have this modality."""
    n_missing: int
    """Galaxies of the dataset without it."""
    dataset: str
    """Path of the dataset."""
    dataset_digest: str
    shards: dict[str, int]
    """File name -> rows."""
    precision: str = "fp32"
    """Of the encoder's arithmetic; vectors of one encoder compare at any precision."""


@dataclass(frozen=True)
class EmbeddingStore:
    """The embeddings of one modality; vectors are read when asked for."""

    directory: Path
    record: StoreRecord

    def __len__(self) -> int:
        return self.record.n_rows

    @property
    def modality(self) -> Modality:
        """What was embedded."""
        return self.record.modality

    @property
    def fingerprint(self) -> str:
        """Of the encoder that made every vector."""
        return self.record.fingerprint

    @property
    def dim(self) -> int:
        """Numbers of a vector."""
        return self.record.dim

    @property
    def dataset(self) -> str:
        """Path of the dataset that was embedded."""
        return self.record.dataset

    def iter_shards(self) -> Iterator[EmbeddingShard]:
        """Every shard, one in memory at a time.

        Raises
        ------
        ShardError
            Where one is damaged or breaks a shard's promises.
        """
        for name in self.record.shards:
            yield read_shard(self.directory / name)

    def iter_ids(self) -> Iterator[npt.NDArray[np.int64]]:
        """(n,) TARGETIDs of every shard, ascending within it."""
        for name in self.record.shards:
            yield read_ids(self.directory / name)

    def iter_vectors(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]]:
        """(n,) TARGETIDs and (n, d) unit rows of every shard."""
        for shard in self.iter_shards():
            yield shard.target_ids, shard.embeddings

    def read(self, target_ids: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """(n, d) unit rows of these galaxies, in the order asked for.

        Raises
        ------
        UnknownTargetError
            Where a galaxy has no embedding here.
        """
        wanted = as_target_ids(target_ids)
        ids, number = self._by_id
        at = np.minimum(np.searchsorted(ids, wanted), max(ids.size - 1, 0))
        unknown = wanted[ids[at] != wanted] if ids.size else wanted
        if unknown.size:
            raise UnknownTargetError(
                f"{self.directory}: no {self.modality} embedding of {unknown.size} of "
                f"{wanted.size} galaxies, first TARGETID {unknown[0]} ({len(self)} are stored)."
            )
        vectors = np.zeros((wanted.size, self.dim), np.float32)
        names = list(self.record.shards)
        for shard_number in np.unique(number[at]) if wanted.size else ():
            shard = read_shard(self.directory / names[shard_number])
            mine = np.flatnonzero(number[at] == shard_number)
            vectors[mine] = shard.embeddings[np.searchsorted(shard.target_ids, wanted[mine])]
        return vectors

    @functools.cached_property
    def _by_id(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Every TARGETID, ascending, and the number of the shard that holds it."""
        parts = list(self.iter_ids())
        ids = np.concatenate([np.zeros(0, np.int64), *parts])
        number = np.repeat(np.arange(len(parts)), [part.size for part in parts])
        order = np.argsort(ids, kind="stable")
        twice = ids[order][1:][np.diff(ids[order]) == 0]
        if twice.size:
            raise ShardError(f"{self.directory}: TARGETID {twice[0]} stands in it twice. {_AGAIN}")
        return ids[order], number[order]


def open_store(directory: str | Path, modality: Modality | str) -> EmbeddingStore:
    """The embeddings of a modality that `embed_dataset` wrote into `directory`.

    Raises
    ------
    ShardError
        Where there is none, it is unfinished, or shards are missing, damaged or too many.
    EncoderMismatchError
        Where a shard was made by another encoder than the store.
    """
    folder = Path(directory) / Modality(modality)
    record = read_record(folder)
    if record is None:
        state = "is unfinished" if any(folder.glob(SHARD_PATTERN)) else "does not exist"
        raise ShardError(
            f"{folder}: no {STORE_FILE}, so the embedding {state}. "
            "Run galsearch embed DATASET OUT; an interrupted run continues."
        )
    _check_files(folder, record)
    return EmbeddingStore(folder, record)


def read_record(folder: Path) -> StoreRecord | None:
    """What the store in `folder` says of itself; None where it is unfinished or absent.

    Raises
    ------
    ShardError
        Where store.json is not what `write_record` writes.
    """
    path = folder / STORE_FILE
    if not path.is_file():
        return None
    try:
        table = json.loads(path.read_text("utf-8"))
        return StoreRecord(**{**table, "modality": Modality(table["modality"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ShardError(f"{path}: not a store's record ({error}). {_AGAIN}") from None


def write_record(folder: Path, record: StoreRecord) -> None:
    """Write store.json, whole or not at all."""
    with new_file(folder / STORE_FILE) as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(record), indent=2) + "\n", "utf-8")


def _check_files(folder: Path, record: StoreRecord) -> None:
    found = {path.name for path in folder.glob(SHARD_PATTERN)}
    wrong = sorted(found.symmetric_difference(record.shards))
    if wrong:
        raise ShardError(
            f"{folder}: {STORE_FILE} lists {len(record.shards)} shards, {len(found)} are there; "
            f"they differ in {wrong[0]}. {_AGAIN}"
        )
    for name, n_rows in record.shards.items():
        header = read_header(folder / name)
        if header.fingerprint != record.fingerprint:
            raise EncoderMismatchError(
                f"{folder / name} was made by encoder {header.fingerprint[:16]}, the store by "
                f"{record.fingerprint[:16]}. Similarities between different encoders have no "
                "meaning. Embed again into an empty directory."
            )
        if (header.n_rows, header.dim) != (n_rows, record.dim):
            raise ShardError(
                f"{folder / name}: holds {header.n_rows} vectors of {header.dim} numbers, "
                f"{STORE_FILE} says {n_rows} of {record.dim}. {_AGAIN}"
            )
    if sum(record.shards.values()) != record.n_rows:
        raise ShardError(
            f"{folder}: {STORE_FILE} promises {record.n_rows} embeddings, its shards hold "
            f"{sum(record.shards.values())}. {_AGAIN}"
        )
