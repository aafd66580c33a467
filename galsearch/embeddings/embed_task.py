"""The task of embedding one modality of a dataset into a store of shards."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Vectors
from galsearch.core.errors import ShardError, StoreMismatchError
from galsearch.core.fingerprint import Fingerprint, require_same_encoder
from galsearch.core.modality import Modality
from galsearch.dataset import schema
from galsearch.dataset.batch import GalaxyBatch
from galsearch.dataset.partition import Partition
from galsearch.dataset.reader import Dataset
from galsearch.embeddings.encoder_protocol import EncoderPairProtocol, encoders_by_modality
from galsearch.embeddings.shard import ShardHeader, read_header
from galsearch.embeddings.store import (
    SHARD_PATTERN,
    StoreRecord,
    read_record,
    remove_record,
    write_record,
)


@dataclass(frozen=True, eq=False)
class EmbedTask:
    """The embedding of one modality of one dataset by one encoder into one directory.

    The store is a directory of one shard for each partition that has galaxies of the modality,
    and of `store.json`, which is written when all shards are there.
    """

    dataset: Dataset
    out: Path
    """Directory that holds the stores of all modalities."""
    modality: Modality
    pair: EncoderPairProtocol
    fingerprint: Fingerprint
    """Fingerprint of the encoder of the modality."""
    dim: int
    """Number of dimensions of the embeddings."""
    precision: str
    """Number format of the encoder's matrix products, such as 'fp32'."""

    @property
    def directory(self) -> Path:
        """Directory of the store of the modality."""
        return self.out / self.modality

    def path(self, partition: Partition) -> Path:
        """Path of the shard of a partition."""
        return self.directory / f"part-{partition.order:02d}-{partition.pixel:09d}.parquet"

    def header(self, partition: Partition) -> ShardHeader:
        """The header that the shard of a partition must have to be valid for the task."""
        has = partition.catalogue[schema.HAS[self.modality]].to_numpy()
        return ShardHeader(
            modality=self.modality,
            fingerprint=self.fingerprint,
            dim=self.dim,
            n_rows=int(has.sum()),
            partition=partition.name,
            digest=partition.digest,
            precision=self.precision,
        )

    def check_directory(self) -> None:
        """Check that the directory holds no embeddings of another encoder or dataset.

        Raises
        ------
        EncoderMismatchError
            Where the store or one of its shards was made by another encoder.
        StoreMismatchError
            Where the store or a shard has another precision, or comes from another dataset.
        """
        record = read_record(self.directory)
        if record is not None:
            self._check_encoder(record.fingerprint, record.precision, self.directory)
        expected = {self.path(p).name for p in self.dataset.partitions if self.header(p).n_rows}
        for path in sorted(self.directory.glob(SHARD_PATTERN)):
            header = _header_or_none(path)
            if header is not None:
                self._check_encoder(header.fingerprint, header.precision, path)
            if path.name not in expected:
                raise StoreMismatchError(f"{path} belongs to no partition of {self.dataset.path}.")

    def needs_shard(self, partition: Partition) -> bool:
        """True where the shard of a partition is missing, damaged or outdated."""
        expected = self.header(partition)
        return expected.n_rows > 0 and _header_or_none(self.path(partition)) != expected

    def mark_unfinished(self) -> None:
        """Remove `store.json`, so that the store cannot be opened before `finish`."""
        remove_record(self.directory)

    def embed_batch(self, batch: GalaxyBatch) -> Vectors:
        """(m, d) unit vectors of the m galaxies in a batch that have the modality, in order."""
        has = batch.has_image if self.modality is Modality.IMAGE else batch.has_spectrum
        if not has.any():
            return np.zeros((0, self.dim), np.float32)
        some = batch if has.all() else batch.take(np.flatnonzero(has))
        if self.modality is Modality.IMAGE:
            return self.pair.image.embed(some.image_flux, some.image_mask)
        return self.pair.spectrum.embed(some.spectrum_flux, some.spectrum_ivar, some.spectrum_mask)

    def finish(self) -> StoreRecord:
        """Compare every shard on disk with the dataset, then write `store.json`.

        Raises
        ------
        ShardError
            Where a shard is missing or does not match its partition.
        """
        shards = {}
        for partition in self.dataset.partitions:
            expected = self.header(partition)
            if expected.n_rows:
                path = self.path(partition)
                found = read_header(path)
                if found != expected:
                    raise ShardError(f"{path}: expected {expected}, found {found}.")
                shards[path.name] = found.n_rows
        n_rows = sum(shards.values())
        record = StoreRecord(
            modality=self.modality,
            encoder=self.pair.name,
            fingerprint=self.fingerprint,
            dim=self.dim,
            n_rows=n_rows,
            n_missing=len(self.dataset) - n_rows,
            dataset=str(self.dataset.path.resolve()),
            dataset_digest=self.dataset.digest,
            shards=shards,
            precision=self.precision,
        )
        write_record(self.directory, record)
        return record

    def _check_encoder(self, found: str, precision: str, where: Path) -> None:
        require_same_encoder({str(where): found, "this run": self.fingerprint})
        if precision != self.precision:
            raise StoreMismatchError(
                f"{where} has embeddings of precision {precision}; requested is {self.precision}. "
                "A store holds embeddings of one precision."
            )


def tasks_of(dataset: Dataset, out: Path, pair: EncoderPairProtocol) -> list[EmbedTask]:
    """One embedding task for each modality that an encoder pair has."""
    return [
        EmbedTask(
            dataset,
            out,
            modality,
            pair,
            Fingerprint(encoder.fingerprint),
            encoder.dim,
            encoder.precision,
        )
        for modality, encoder in encoders_by_modality(pair).items()
    ]


def _header_or_none(path: Path) -> ShardHeader | None:
    """The header of a shard, or None where the file is missing or damaged."""
    try:
        return read_header(path)
    except ShardError:
        return None
