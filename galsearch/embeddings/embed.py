"""Embedding of a dataset, into one shard for each partition and modality.

A second run continues an interrupted one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import ConfigError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress
from galsearch.dataset import schema
from galsearch.dataset.reader import Dataset, open_dataset
from galsearch.embeddings.embed_run.embed_batch import prepare_batch, start_batch
from galsearch.embeddings.embed_run.embed_partitions import default_batch_size, embed_partitions
from galsearch.embeddings.embed_run.other_devices import OtherDevices
from galsearch.embeddings.embed_task import EmbedTask, tasks_of
from galsearch.embeddings.encoder_protocol import EncoderPairProtocol, load_encoder_pair
from galsearch.embeddings.open_embeddings import CATALOGUE_FILE, require_embeddings_or_nothing
from galsearch.embeddings.quality_columns import count_reasons, with_quality
from galsearch.files.atomic import new_file
from galsearch.files.digest import sha256_of_file
from galsearch.files.lock import locked_directory

LOCK_NAME = "embed.lock"
"""Lock file in a directory of embeddings while it is written."""
_COMPILED_FROM = 1_000_000
"""Number of galaxies from which the networks are compiled for a GPU: that takes about a minute."""


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
    device: str | None = None,
    precision: str | None = None,
    batch_size: int | None = None,
    progress: Progress | None = None,
    report: Callable[[Any], None] | None = None,
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
    device
        Device of an encoder that is named: `cpu`, `cuda`, `cuda:N`, or `auto`, the default, for a
        GPU where PyTorch sees one and the CPU elsewhere. Several devices, such as
        `cuda:0,cuda:1`, share the partitions, with one process each. An encoder pair has a device
        already.
    precision
        Precision of an encoder that is named; by default `bf16` on a GPU and `fp32` on a CPU. It
        is checked against fp32 on the first batch.
    batch_size
        Number of galaxies embedded at a time, by default 64 on a CPU and as many as its free
        memory allows on a GPU. It changes memory and speed, not the vectors. On a GPU smaller
        parts are computed where memory runs out.
    progress
        Function that is called with stage, done and total.
    report
        Function that is called with the `Agreement` of a precision other than fp32 with fp32, for
        an encoder that is named.

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
    NoGpuError, DeviceFailedError
        Where there is no such device, or where it fails. Finished shards are kept.
    LockedError
        Where another process embeds into `out`.
    OutputExistsError
        Where `out` holds other files and no embeddings.
    WriteError
        Where the disk is full, or nothing may be written there.
    """
    if batch_size is not None and batch_size < 1:
        raise ConfigError(f"batch_size is {batch_size}; expected 1 or more.")
    source = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    if not isinstance(encoder, (str, Path)) and not (device is None and precision is None):
        raise ConfigError(
            "device and precision are those of an encoder that is named; the encoder pair "
            f"{encoder.name!r} has its own."
        )
    with locked_directory(Path(out), LOCK_NAME):
        require_embeddings_or_nothing(Path(out), lock_name=LOCK_NAME)
        if not isinstance(encoder, (str, Path)):
            return _embed(source, Path(out), encoder, batch_size, progress or no_progress)
        first, *others = (device or "auto").split(",")
        options = {"precision": precision, "batch_size": batch_size}
        pair = load_encoder_pair(
            encoder,
            device=first,
            report=report,
            compiled=len(source) >= _COMPILED_FROM,
            **options,
        )
        work = OtherDevices(others, source, Path(out), encoder, options)
        return _embed(source, Path(out), pair, batch_size, progress or no_progress, work)


def _embed(
    source: Dataset,
    out: Path,
    pair: EncoderPairProtocol,
    batch_size: int | None,
    progress: Progress,
    others: OtherDevices | None = None,
) -> EmbedReport:
    """Embed a dataset into a directory into which nobody else writes meanwhile."""
    tasks = tasks_of(source, out, pair)
    for task in tasks:
        task.check_directory()
        _check_precision(task, batch_size)
    n_done, n_written = 0, 0

    def done(n_galaxies: int, n_shards: int) -> None:
        nonlocal n_done, n_written
        n_done, n_written = n_done + n_galaxies, n_written + n_shards
        progress("embedding galaxies", n_done, len(source))

    if not others:
        embed_partitions(source.partitions, tasks, batch_size, done)
    else:
        with others.started(tasks, done) as own:
            embed_partitions(own, tasks, batch_size, others.with_failures(done))
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


def _check_precision(task: EmbedTask, batch_size: int | None) -> None:
    """Check a reduced precision on one batch, before anything is written.

    An encoder of reduced precision compares its first batch with fp32 and raises an error where
    they differ too much.
    """
    if task.precision == "fp32":
        return
    for partition in filter(task.needs_shard, task.dataset.partitions):
        n = batch_size or default_batch_size([task])
        for batch in partition.batches(n, modalities=[task.modality]):
            vectors, _ = start_batch(prepare_batch(task, batch))()
            if len(vectors):
                return


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
