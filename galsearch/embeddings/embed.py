"""A dataset becomes embeddings: one shard a partition and modality, resumed where it stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from galsearch.core.errors import ConfigError, ShardError
from galsearch.core.modality import Modality
from galsearch.dataset import schema
from galsearch.dataset.batch import GalaxyBatch
from galsearch.dataset.reader import Dataset, Partition, open_dataset
from galsearch.embeddings.embed_task import EmbedJob
from galsearch.embeddings.encoder_protocol import Encoders, Vectors, load_encoders, towers_of
from galsearch.embeddings.shard import EmbeddingShard, write_shard
from galsearch.files.atomic import new_file

CATALOGUE_FILE = "catalogue.parquet"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class EmbedReport:
    """What became of every galaxy of a dataset, in each modality that the encoder knows."""

    encoder: str
    fingerprint: str
    dim: int
    n_galaxies: int
    n_embedded: dict[Modality, int]
    """Galaxies with an embedding, made now or before."""
    n_missing: dict[Modality, int]
    """Galaxies without that modality; with the embedded ones, all galaxies."""
    n_shards_written: int
    n_shards_kept: int
    """Shards that an earlier run had finished."""

    def __str__(self) -> str:
        parts = [
            f"{n} {modality} embeddings ({self.n_missing[modality]} galaxies have none)"
            for modality, n in self.n_embedded.items()
        ]
        return (
            f"{self.n_galaxies} galaxies: {', '.join(parts)}; {self.dim} numbers each, encoder "
            f"{self.encoder} ({self.fingerprint[:16]}); {self.n_shards_written} shards written, "
            f"{self.n_shards_kept} kept from an earlier run"
        )


def embed_dataset(
    dataset: Dataset | str | Path,
    out: str | Path,
    *,
    encoder: Encoders | str | Path = "galsearch-small",
    batch_size: int = 64,
    progress: Progress | None = None,
) -> EmbedReport:
    """Embed every image and spectrum of a dataset into `OUT/image` and `OUT/spectrum`.

    A second call continues: shards of the same encoder and the same partition are kept. The
    catalogue without pixels is written beside them, so that an index needs the dataset no more.

    Parameters
    ----------
    dataset
        What `open_dataset` gives, or its directory.
    out
        Directory of the embeddings, made where it does not exist.
    encoder
        Name of shipped weights, a file of weights, or what `galsearch.encoders.load` gives.
    batch_size
        Galaxies embedded at a time; it changes memory and speed, not the vectors.
    progress
        Called with stage, done, total.

    Raises
    ------
    EncoderMismatchError
        Where `out` holds embeddings of another encoder or precision.
    ShardError
        Where `out` holds shards of another dataset, or a galaxy could not be embedded.
    DatasetError, CheckpointError
        Where the dataset or the encoder is not whole.
    """
    if batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}; expected 1 or more.")
    source = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    encoders = load_encoders(encoder) if isinstance(encoder, (str, Path)) else encoder
    jobs = [EmbedJob(source, Path(out), modality, t) for modality, t in towers_of(encoders).items()]
    for job in jobs:
        job.check_directory()
        _embed_first_batch(source, job, batch_size)
    n_done, n_written = 0, 0
    for partition in source.partitions:
        wanted = [job for job in jobs if job.is_open(partition)]
        n_written += _embed_partition(partition, wanted, batch_size)
        n_done += len(partition)
        if progress:
            progress("embedding galaxies", n_done, len(source))
    _write_catalogue(source, Path(out))
    records = {job.modality: job.finish(encoders.name) for job in jobs}
    n_shards = sum(len(record.shards) for record in records.values())
    return EmbedReport(
        encoders.name,
        jobs[0].tower.fingerprint,
        jobs[0].tower.dim,
        len(source),
        {modality: record.n_rows for modality, record in records.items()},
        {modality: record.n_missing for modality, record in records.items()},
        n_written,
        n_shards - n_written,
    )


def _embed_partition(partition: Partition, jobs: list[EmbedJob], batch_size: int) -> int:
    """Write the shards of a partition, its pixels read once; how many."""
    vectors: dict[EmbedJob, list[Vectors]] = {job: [] for job in jobs}
    modalities = [job.modality for job in jobs]
    for batch in partition.batches(batch_size, modalities=modalities) if jobs else ():
        for job in jobs:
            vectors[job].append(_embed_batch(batch, job))
    for job in jobs:
        header = job.header(partition)
        has = partition.catalogue[schema.HAS[job.modality]].to_numpy()
        rows = partition.catalogue.filter(has)
        embedded = np.concatenate(vectors[job])
        if embedded.shape != (header.n_rows, header.dim):
            raise ShardError(
                f"{partition.name}: {header.n_rows} galaxies have the modality {job.modality} and "
                f"the encoder gives {header.dim} numbers; embedded were {embedded.shape}."
            )
        ids = rows[schema.TARGET_ID].to_numpy()
        order = np.argsort(ids)
        shard = EmbeddingShard(
            ids[order],
            rows[schema.RA].to_numpy()[order],
            rows[schema.DEC].to_numpy()[order],
            embedded[order],
            job.modality,
            header.fingerprint,
            header.partition,
            header.digest,
            header.precision,
        )
        write_shard(job.path(partition), shard)
    return len(jobs)


def _embed_first_batch(dataset: Dataset, job: EmbedJob, batch_size: int) -> None:
    """Let a lower precision compare itself with fp32, and refuse, before anything is written."""
    if job.tower.precision == "fp32":
        return
    for partition in filter(job.is_open, dataset.partitions):
        for batch in partition.batches(batch_size, modalities=[job.modality]):
            if len(_embed_batch(batch, job)):
                return


def _embed_batch(batch: GalaxyBatch, job: EmbedJob) -> Vectors:
    """(m, d) vectors of the galaxies of the batch that have the job's modality."""
    has = batch.has_image if job.modality is Modality.IMAGE else batch.has_spectrum
    if not has.any():
        return np.zeros((0, job.tower.dim), np.float32)
    some = batch if has.all() else batch.take(np.flatnonzero(has))
    if job.modality is Modality.IMAGE:
        return job.tower.embed(some.image_flux, some.image_mask)
    return job.tower.embed(some.spectrum_flux, some.spectrum_ivar, some.spectrum_mask)


def _write_catalogue(dataset: Dataset, out: Path) -> None:
    table = dataset.catalogue.sort_by(schema.TARGET_ID)
    with new_file(out / CATALOGUE_FILE) as temporary:
        pq.write_table(table, temporary, compression="zstd")
