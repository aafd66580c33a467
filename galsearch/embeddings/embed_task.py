"""One modality of a dataset on its way to a store: what is done, what is left, what is refused."""

from dataclasses import dataclass
from pathlib import Path

from galsearch.core.errors import EncoderMismatchError, ShardError
from galsearch.core.modality import Modality
from galsearch.dataset import schema
from galsearch.dataset.reader import Dataset, Partition
from galsearch.embeddings.encoder_protocol import Tower
from galsearch.embeddings.shard import ShardHeader, read_header
from galsearch.embeddings.store import (
    SHARD_PATTERN,
    STORE_FILE,
    StoreRecord,
    read_record,
    write_record,
)


@dataclass(frozen=True, eq=False)
class EmbedJob:
    """One modality of one dataset with one encoder."""

    dataset: Dataset
    out: Path
    modality: Modality
    tower: Tower

    @property
    def folder(self) -> Path:
        """The store's directory."""
        return self.out / self.modality

    def path(self, partition: Partition) -> Path:
        """Where the partition's shard lies."""
        return self.folder / f"part-{partition.order:02d}-{partition.pixel:09d}.parquet"

    def header(self, partition: Partition) -> ShardHeader:
        """What the partition's shard has to say of itself."""
        has = partition.catalogue[schema.HAS[self.modality]].to_numpy()
        tower = self.tower
        return ShardHeader(
            self.modality,
            tower.fingerprint,
            tower.dim,
            int(has.sum()),
            partition.name,
            partition.digest,
            tower.precision,
        )

    def check_directory(self) -> None:
        """Refuse a directory with embeddings of another encoder or dataset, before any work."""
        record = read_record(self.folder)
        if record is not None:
            self._check_maker(record.fingerprint, record.precision, self.folder)
        ours = {self.path(p).name for p in self.dataset.partitions if self.header(p).n_rows}
        for path in sorted(self.folder.glob(SHARD_PATTERN)):
            header = _header_or_none(path)
            if header is not None:
                self._check_maker(header.fingerprint, header.precision, path)
            if path.name not in ours:
                raise ShardError(
                    f"{path} belongs to no partition of {self.dataset.path}. Embed into another "
                    "directory, or remove this one."
                )

    def is_open(self, partition: Partition) -> bool:
        """Whether the partition's shard is still to be made; then the store is unfinished."""
        wanted = self.header(partition)
        done = not wanted.n_rows or _header_or_none(self.path(partition)) == wanted
        if not done:
            (self.folder / STORE_FILE).unlink(missing_ok=True)
        return not done

    def finish(self, encoder: str) -> StoreRecord:
        """Count every row on disk against the dataset, then say that the store is whole."""
        shards = {}
        for partition in self.dataset.partitions:
            wanted = self.header(partition)
            if wanted.n_rows:
                path = self.path(partition)
                found = read_header(path)
                if found != wanted:
                    raise ShardError(f"{path}: expected {wanted}, found {found}.")
                shards[path.name] = found.n_rows
        n_rows = sum(shards.values())
        record = StoreRecord(
            self.modality,
            encoder,
            self.tower.fingerprint,
            self.tower.dim,
            n_rows,
            len(self.dataset) - n_rows,
            str(self.dataset.path.resolve()),
            self.dataset.digest,
            shards,
            self.tower.precision,
        )
        write_record(self.folder, record)
        return record

    def _check_maker(self, found: str, precision: str, where: Path) -> None:
        if found != self.tower.fingerprint:
            raise EncoderMismatchError(
                f"{where} was made by encoder {found[:16]}, asked for is "
                f"{self.tower.fingerprint[:16]}. Similarities between different encoders have no "
                "meaning. Embed into another directory, or remove this one."
            )
        if precision != self.tower.precision:
            raise EncoderMismatchError(
                f"{where} was made at precision {precision}, asked for is {self.tower.precision}. "
                "One store holds one precision. Embed into another directory, or remove this one."
            )


def _header_or_none(path: Path) -> ShardHeader | None:
    """The header of a shard that is there and whole."""
    try:
        return read_header(path)
    except ShardError:
        return None
