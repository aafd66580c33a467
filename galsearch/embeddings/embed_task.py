"""The task of embedding one modality of a dataset into a store of shards."""

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import BoolArray, Float32Array
from galsearch.core.errors import ShardError, StoreMismatchError
from galsearch.core.fingerprint import Fingerprint, require_same_encoder
from galsearch.core.modality import Modality
from galsearch.core.vectors import QualityBits
from galsearch.dataset import schema
from galsearch.dataset.batch import GalaxyBatch
from galsearch.dataset.partition import Partition
from galsearch.dataset.reader import Dataset
from galsearch.dataset.source_summary import summarise_sources
from galsearch.embeddings.encoder_protocol import (
    AssessesQuality,
    EncoderPairProtocol,
    ImageEncoderProtocol,
    PreparesInputs,
    SpectrumEncoderProtocol,
    encoders_by_modality,
)
from galsearch.embeddings.shard import (
    CPU,
    EmbeddingShard,
    ShardHeader,
    read_header,
    read_shard,
    write_shard,
)
from galsearch.embeddings.store_record import (
    SHARD_PATTERN,
    STORE_FILE,
    StoreRecord,
    read_record,
    remove_record,
    shard_name,
    write_record,
)
from galsearch.files.atomic import append_text, write_text
from galsearch.files.digest import sha256_of_file

FINISHED_SHARDS_FILE = "sha256sums.txt"
"""Name of the list of finished shards and their digests in a store that is not finished."""


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
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the shards that are finished, by file name."""

    @property
    def directory(self) -> Path:
        """Directory of the store of the modality."""
        return self.out / self.modality

    def path(self, partition: Partition) -> Path:
        """Path of the shard of a partition."""
        return self.directory / shard_name(partition.order, partition.pixel)

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
            device=self.device,
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
        """True where the shard of a partition is missing, damaged or outdated.

        A shard whose digest is recorded must have it. Any other shard must hold the galaxies of
        the partition, at their positions.
        """
        expected, path = self.header(partition), self.path(partition)
        if not expected.n_rows or path.name in self.digests:
            return False
        if _header_or_none(path) != expected:
            return True
        sha256 = sha256_of_file(path)
        recorded = self._recorded_digests.get(path.name)
        if recorded not in (None, sha256) or not self._holds(partition, path):
            return True
        self.digests[path.name] = sha256
        return False

    def write(self, partition: Partition, shard: EmbeddingShard) -> None:
        """Write the shard of a partition, and its digest to the list of finished shards."""
        path = self.path(partition)
        self.digests[path.name] = write_shard(path, shard)
        append_text(
            self.directory / FINISHED_SHARDS_FILE, f"{self.digests[path.name]}  {path.name}\n"
        )

    def mark_unfinished(self) -> None:
        """Remove `store.json`, so that the store cannot be opened before `finish`.

        Its digests are kept in the list of finished shards.
        """
        lines = [f"{sha256}  {name}\n" for name, sha256 in self._recorded_digests.items()]
        if (self.directory / STORE_FILE).exists():
            write_text(self.directory / FINISHED_SHARDS_FILE, "".join(lines))
            remove_record(self.directory)

    @functools.cached_property
    def _recorded_digests(self) -> dict[str, str]:
        """SHA-256 of finished shards by file name, of this store or of an interrupted run."""
        record = read_record(self.directory)
        if record is not None:
            return record.digests
        path = self.directory / FINISHED_SHARDS_FILE
        if not path.is_file():
            return {}
        # A line that an interrupted run left incomplete does not match.
        found = re.findall(r"^([0-9a-f]{64})  (\S+)$", path.read_text("utf-8", "replace"), re.M)
        return {name: sha256 for sha256, name in found}

    def _holds(self, partition: Partition, path: Path) -> bool:
        """True where a shard can be read and holds the galaxies of a partition at their places."""
        try:
            shard = read_shard(path)
        except ShardError:
            return False
        has = partition.catalogue[schema.HAS[self.modality]].to_numpy()
        rows = partition.catalogue.filter(has).sort_by(schema.TARGET_ID)
        return all(
            np.array_equal(rows[name].to_numpy(), values)
            for name, values in (
                (schema.TARGET_ID, shard.target_ids),
                (schema.RA, shard.ra_deg),
                (schema.DEC, shard.dec_deg),
            )
        )

    @property
    def encoder(self) -> ImageEncoderProtocol | SpectrumEncoderProtocol:
        """The encoder of the modality."""
        return self.pair.image if self.modality is Modality.IMAGE else self.pair.spectrum

    @property
    def device(self) -> str:
        """Name of the device that computes; `cpu` for an encoder that does not name one."""
        encoder = self.encoder
        return encoder.device_name if isinstance(encoder, PreparesInputs) else CPU

    def pixels(self, batch: GalaxyBatch) -> tuple[Float32Array | BoolArray, ...]:
        """Arguments of the encoder's `embed` for the galaxies in a batch that have the modality."""
        has = batch.has_image if self.modality is Modality.IMAGE else batch.has_spectrum
        some = batch if has.all() else batch.take(np.flatnonzero(has))
        if self.modality is Modality.IMAGE:
            return some.image_flux, some.image_mask
        return some.spectrum_flux, some.spectrum_ivar, some.spectrum_mask

    def assess_catalogue(self, rows: pa.Table) -> QualityBits:
        """(m,) bits of `InputQuality` from the class and the redshift of rows of a catalogue."""
        encoder = self.encoder
        if not isinstance(encoder, AssessesQuality):
            return np.zeros(len(rows), np.uint16)
        spectype = rows["spectype"].to_numpy(zero_copy_only=False)
        redshift = rows["z"].to_numpy(zero_copy_only=False).astype(np.float64)
        return encoder.catalogue_quality(spectype, redshift)

    def finish(self, catalogue_sha256: str | None = None) -> StoreRecord:
        """Compare every shard on disk with the dataset, then write `store.json`.

        Parameters
        ----------
        catalogue_sha256
            SHA-256 of the catalogue beside the stores.

        Raises
        ------
        ShardError
            Where a shard is missing or does not match its partition.
        """
        shards, devices = {}, set()
        for partition in self.dataset.partitions:
            expected = self.header(partition)
            if expected.n_rows:
                path = self.path(partition)
                found = read_header(path)
                if found != expected:
                    raise ShardError(f"{path}: expected {expected}, found {found}.")
                shards[path.name] = found.n_rows
                devices.add(found.device)
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
            digests={
                name: self.digests.get(name) or sha256_of_file(self.directory / name)
                for name in shards
            },
            catalogue_sha256=catalogue_sha256,
            device=", ".join(sorted(devices)) or None,
            dataset_sources=summarise_sources(self.dataset.path),
        )
        write_record(self.directory, record)
        (self.directory / FINISHED_SHARDS_FILE).unlink(missing_ok=True)
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
