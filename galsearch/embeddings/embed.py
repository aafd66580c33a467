"""Embedding of a dataset, into one shard for each partition and modality.

A second run continues an interrupted one.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Vectors
from galsearch.core.errors import ConfigError, ShardError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress
from galsearch.core.vectors import QualityBits
from galsearch.dataset import schema
from galsearch.dataset.partition import Partition
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.embeddings.embed_task import EmbedTask, tasks_of
from galsearch.embeddings.encoder_protocol import EncoderPairProtocol, load_encoder_pair
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE
from galsearch.embeddings.quality_columns import count_reasons, with_quality
from galsearch.embeddings.shard import EmbeddingShard
from galsearch.files.atomic import new_file
from galsearch.files.digest import sha256_of_file
from galsearch.files.lock import locked_directory

LOCK_NAME = "embed.lock"
"""Lock file in a directory of embeddings while it is written."""


@dataclass(frozen=True)
class EmbedReport:
    """Numbers of embedded and missing galaxies of a dataset, for each modality of the encoder."""

    encoder: str
    fingerprint: Fingerprint
    dim: int
    """Number of dimensions of an embedding."""
    n_galaxies: int
    n_embedded: dict[Modality, int]
    """Number of galaxies that have an embedding, from this run or an earlier one."""
    n_missing: dict[Modality, int]
    """Number of galaxies without data of the modality. Embedded and missing galaxies add up to all
    galaxies of the dataset."""
    n_shards_written: int
    n_shards_kept: int
    """Number of shards that an earlier run had finished."""
    n_by_reason: dict[Modality, dict[str, int]] = field(default_factory=dict)
    """Number of embeddings for each reason to trust them less, such as 'band_missing'."""

    def __str__(self) -> str:
        parts = [
            f"{n} {modality} embeddings ({self.n_missing[modality]} galaxies have none)"
            for modality, n in self.n_embedded.items()
        ]
        return (
            f"{self.n_galaxies} galaxies: {', '.join(parts)}; {self.dim} dimensions, encoder "
            f"{self.encoder} ({self.fingerprint.short}); {self.n_shards_written} shards written, "
            f"{self.n_shards_kept} kept from an earlier run{self._reasons()}"
        )

    def _reasons(self) -> str:
        """The reasons to trust embeddings less, in words; empty where there is none."""
        parts = [
            f"{modality} {reason} {n}"
            for modality, counts in self.n_by_reason.items()
            for reason, n in counts.items()
        ]
        return f"; reasons to trust embeddings less: {', '.join(parts)}" if parts else ""


def embed_dataset(
    dataset: Dataset | str | Path,
    out: str | Path,
    *,
    encoder: EncoderPairProtocol | str | Path = "galsearch-small",
    batch_size: int = 64,
    progress: Progress | None = None,
) -> EmbedReport:
    """Embed every image and spectrum of a dataset into `OUT/image` and `OUT/spectrum`.

    A second call continues an interrupted one: it keeps the shards of the same encoder and the
    same partition. The catalogue of the dataset, without pixels, is written next to the stores,
    so that an index can be built without the dataset.

    Parameters
    ----------
    dataset
        A dataset, or its directory.
    out
        Directory of the embeddings; it is made where it does not exist.
    encoder
        Name of the shipped weights, a file of weights, or an encoder pair as
        `galsearch.encoders.load` returns it.
    batch_size
        Number of galaxies embedded at a time. It changes memory and speed, not the vectors.
    progress
        Function that is called with stage, done and total.

    Returns
    -------
    EmbedReport
        Numbers of embedded and missing galaxies, and of shards.

    Raises
    ------
    EncoderMismatchError
        Where `out` holds embeddings of another encoder.
    StoreMismatchError
        Where `out` holds embeddings of another dataset or precision.
    ShardError
        Where the encoder returned another number of vectors than it was given galaxies.
    DatasetError, CheckpointError
        Where the dataset or the weights are incomplete or damaged.
    LockedError
        Where another process embeds into `out`.
    WriteError
        Where the disk is full, or nothing may be written there.
    """
    if batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}; expected 1 or more.")
    progress = progress or no_progress
    source = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    pair = load_encoder_pair(encoder) if isinstance(encoder, (str, Path)) else encoder
    with locked_directory(Path(out), LOCK_NAME):
        return _embed(source, Path(out), pair, batch_size, progress)


def _embed(
    source: Dataset, out: Path, pair: EncoderPairProtocol, batch_size: int, progress: Progress
) -> EmbedReport:
    """Embed a dataset into a directory into which nobody else writes meanwhile."""
    tasks = tasks_of(source, out, pair)
    for task in tasks:
        task.check_directory()
        _check_precision(task, batch_size)
    n_done, n_written = 0, 0
    for partition in source.partitions:
        partition.check()
        pending = [task for task in tasks if task.needs_shard(partition)]
        _embed_partition(partition, pending, batch_size)
        n_written += len(pending)
        n_done += len(partition)
        progress("embedding galaxies", n_done, len(source))
    catalogue = _with_quality(source, tasks)
    catalogue_sha256 = _write_catalogue(catalogue, out)
    records = {task.modality: task.finish(catalogue_sha256) for task in tasks}
    return EmbedReport(
        encoder=pair.name,
        fingerprint=tasks[0].fingerprint,
        dim=tasks[0].dim,
        n_galaxies=len(source),
        n_embedded={modality: record.n_rows for modality, record in records.items()},
        n_missing={modality: record.n_missing for modality, record in records.items()},
        n_shards_written=n_written,
        n_shards_kept=sum(len(record.shards) for record in records.values()) - n_written,
        n_by_reason={modality: count_reasons(catalogue, modality) for modality in records},
    )


def _check_precision(task: EmbedTask, batch_size: int) -> None:
    """Check a reduced precision on one batch, before anything is written.

    An encoder of reduced precision compares its first batch with fp32 and raises an error where
    they differ too much.
    """
    if task.precision == "fp32":
        return
    for partition in filter(task.needs_shard, task.dataset.partitions):
        for batch in partition.batches(batch_size, modalities=[task.modality]):
            if len(task.embed_batch(batch)):
                return


def _embed_partition(partition: Partition, tasks: list[EmbedTask], batch_size: int) -> None:
    """Write the shard of each task for a partition, whose pixels are read once for all tasks."""
    for task in tasks:
        task.mark_unfinished()
    vectors: dict[EmbedTask, list[Vectors]] = {task: [] for task in tasks}
    quality: dict[EmbedTask, list[QualityBits]] = {task: [] for task in tasks}
    modalities = [task.modality for task in tasks]
    for batch in partition.batches(batch_size, modalities=modalities) if tasks else ():
        for task in tasks:
            vectors[task].append(task.embed_batch(batch))
            bits = task.assess_batch(batch)
            quality[task] += [] if bits is None else [bits]
    for task in tasks:
        bits = np.concatenate(quality[task]) if quality[task] else None
        shard = _shard(partition, task, np.concatenate(vectors[task]), bits)
        task.write(partition, shard)


def _shard(
    partition: Partition, task: EmbedTask, vectors: Vectors, quality: QualityBits | None
) -> EmbeddingShard:
    """Shard of a partition, sorted by TARGETID, made from vectors in the partition's order."""
    header = task.header(partition)
    has = partition.catalogue[schema.HAS[task.modality]].to_numpy()
    rows = partition.catalogue.filter(has)
    if vectors.shape != (header.n_rows, header.dim):
        raise ShardError(
            f"{partition.name}: expected {task.modality} embeddings of shape "
            f"{(header.n_rows, header.dim)} (galaxies, dimensions); the encoder returned "
            f"{vectors.shape}."
        )
    ids = rows[schema.TARGET_ID].to_numpy()
    order = np.argsort(ids)
    return EmbeddingShard(
        target_ids=ids[order],
        ra_deg=rows[schema.RA].to_numpy()[order],
        dec_deg=rows[schema.DEC].to_numpy()[order],
        embeddings=vectors[order],
        modality=task.modality,
        fingerprint=header.fingerprint,
        partition=header.partition,
        digest=header.digest,
        precision=header.precision,
        quality=None if quality is None else (quality | task.assess_catalogue(rows))[order],
    )


def _with_quality(dataset: Dataset, tasks: list[EmbedTask]) -> pa.Table:
    """The catalogue of a dataset with the quality of its embeddings, sorted by TARGETID."""
    shards = {
        task.modality: [path for p in dataset.partitions if (path := task.path(p)).exists()]
        for task in tasks
    }
    return with_quality(dataset.catalogue.sort_by(schema.TARGET_ID), shards)


def _write_catalogue(table: pa.Table, out: Path) -> str:
    """Write the catalogue beside the stores, and return the SHA-256 digest of the file."""
    with new_file(out / CATALOGUE_FILE) as temporary:
        pq.write_table(table, temporary, compression="zstd", write_page_checksum=True)
        return sha256_of_file(temporary)
