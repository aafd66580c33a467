"""Embedding of partitions, in which reading, preparation, networks and writing overlap.

Threads check and read the partitions and prepare batches ahead of the networks. Where these run on
a GPU, the copies of one batch and the computation of another overlap too, and a thread writes the
shard of a partition while the next is embedded.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from galsearch.core.errors import GalsearchError, ShardError
from galsearch.dataset import schema
from galsearch.dataset.partition import Partition
from galsearch.embeddings.embed_run.embed_batch import (
    Embedded,
    PreparedBatch,
    prepare_batch,
    start_batch,
)
from galsearch.embeddings.embed_run.read_ahead import map_ahead
from galsearch.embeddings.embed_task import EmbedTask
from galsearch.embeddings.encoder_protocol import PreparesInputs
from galsearch.embeddings.shard import CPU, EmbeddingShard

_CPU_BATCH_SIZE = 64
"""Number of galaxies embedded at a time on a CPU."""
_CHECK_THREADS = 2
"""Number of partitions whose digests are compared ahead."""
_LARGEST_THREADS = 12
"""Largest number of threads that read and prepare batches for a GPU."""
_IN_FLIGHT = 2
"""Number of batches that a GPU has begun and whose vectors are not yet waited for."""
_UNWRITTEN = 2
"""Number of shards that may wait to be written while the next partition is embedded."""

Done = Callable[[int, int], None]
"""Called after each partition with its numbers of galaxies and of shards that were written."""


@dataclass(frozen=True, eq=False)
class Portion:
    """Consecutive galaxies of one partition, which one thread reads and prepares."""

    partition: Partition
    tasks: tuple[EmbedTask, ...]
    """The tasks that lack a shard of the partition."""
    rows: range
    is_last: bool
    problem: GalsearchError | None = None
    """Error of the partition, which is raised when its turn comes."""


@dataclass(frozen=True, eq=False)
class _Shards:
    """Vectors of the galaxies of one partition, until its shards are complete."""

    partition: Partition
    found: dict[EmbedTask, list[Embedded]] = field(default_factory=dict)

    def add(self, task: EmbedTask, embedded: Callable[[], Embedded]) -> None:
        """Wait for the vectors of a batch and keep them."""
        self.found[task].append(embedded())

    def complete(self) -> dict[EmbedTask, EmbeddingShard]:
        """The shard of each task."""
        return {task: _shard(self.partition, task, parts) for task, parts in self.found.items()}


def embed_partitions(
    partitions: Sequence[Partition], tasks: Sequence[EmbedTask], batch_size: int | None, done: Done
) -> None:
    """Write the shards of partitions that tasks lack; `done` is called after each partition.

    Parameters
    ----------
    batch_size
        Number of galaxies that are embedded together; by default that of `default_batch_size`.

    Raises
    ------
    DatasetError
        Where a partition is damaged. The shards of those before it are written.
    """
    batch_size = batch_size or default_batch_size(tasks)
    on_cpu = all(task.device == CPU for task in tasks)
    n_threads = 1 if on_cpu else max(2, min(_LARGEST_THREADS, (os.cpu_count() or 1) - 2))
    prepare = partial(_prepare, batch_size=batch_size)
    portions = _portions(partitions, tasks, batch_size)
    in_flight: deque[Callable[[], None]] = deque()
    with (
        ThreadPoolExecutor(1) as pool,
        closing(map_ahead(prepare, portions, n_threads=n_threads, n_ahead=n_threads)) as prepared,
    ):
        writer = _Writer(pool, done)
        shards = None
        for portion, batches in prepared:
            if shards is None:
                shards = _Shards(portion.partition, {task: [] for task in portion.tasks})
            for batch in batches:
                in_flight.append(partial(shards.add, batch.task, start_batch(batch)))
                while len(in_flight) > (0 if on_cpu else _IN_FLIGHT):
                    in_flight.popleft()()
            if portion.is_last:
                in_flight.append(partial(writer.write, shards))
                shards = None
            if on_cpu:
                _finish(in_flight)
        _finish(in_flight)
        writer.finish()


def default_batch_size(tasks: Sequence[EmbedTask]) -> int:
    """Number of galaxies embedded at a time: 64 on a CPU, more on a GPU with the memory for it."""
    encoders = [task.encoder for task in tasks if task.device != CPU]
    sizes = [encoder.batch_size for encoder in encoders if isinstance(encoder, PreparesInputs)]
    return max(sizes, default=_CPU_BATCH_SIZE)


def _finish(in_flight: deque[Callable[[], None]]) -> None:
    while in_flight:
        in_flight.popleft()()


class _Writer:
    """Writes shards in a thread, in the order of the partitions."""

    def __init__(self, pool: ThreadPoolExecutor, done: Done) -> None:
        self._pool, self._done = pool, done
        self._pending: deque[tuple[Future[None], int, int]] = deque()

    def write(self, shards: _Shards) -> None:
        """Write the shards of a partition, after at most a few others have been written."""
        complete = shards.complete()
        future = self._pool.submit(_write, shards.partition, complete)
        self._pending.append((future, len(shards.partition), len(complete)))
        while len(self._pending) > _UNWRITTEN:
            self._report()

    def finish(self) -> None:
        """Wait until everything is written."""
        while self._pending:
            self._report()

    def _report(self) -> None:
        future, n_galaxies, n_shards = self._pending.popleft()
        future.result()
        self._done(n_galaxies, n_shards)


def _write(partition: Partition, shards: dict[EmbedTask, EmbeddingShard]) -> None:
    for task, shard in shards.items():
        task.write(partition, shard)


def _portions(
    partitions: Sequence[Partition], tasks: Sequence[EmbedTask], batch_size: int
) -> Iterator[Portion]:
    """The work of all partitions in order. A partition that needs none has one empty portion."""
    # A portion has whole row groups where possible, because reading a part of one reads all of it.
    n_rows = batch_size * -(-schema.ROW_GROUP_ROWS // batch_size)
    checks = map_ahead(_problem_of, partitions, n_threads=_CHECK_THREADS, n_ahead=_CHECK_THREADS)
    with closing(checks) as problems:
        for partition, problem in zip(partitions, problems, strict=True):
            if problem is not None:
                yield Portion(partition, (), range(0), is_last=True, problem=problem)
                return
            lacking = tuple(task for task in tasks if task.needs_shard(partition))
            for task in lacking:
                task.mark_unfinished()
            n = len(partition) if lacking else 0
            for start in range(0, max(1, n), n_rows):
                stop = min(n, start + n_rows)
                yield Portion(partition, lacking, range(start, stop), is_last=stop == n)


def _problem_of(partition: Partition) -> GalsearchError | None:
    """The error of a partition whose content is not the one that was ingested; None without."""
    try:
        partition.check()
    except GalsearchError as error:
        return error
    return None


def _prepare(portion: Portion, *, batch_size: int) -> tuple[Portion, list[PreparedBatch]]:
    """A portion and its prepared batches; the pixels are read once for all tasks."""
    if portion.problem is not None:
        raise portion.problem
    if not portion.tasks:
        return portion, []
    batches = portion.partition.batches(
        batch_size,
        modalities=[task.modality for task in portion.tasks],
        start=portion.rows.start,
        stop=portion.rows.stop,
    )
    return portion, [prepare_batch(task, batch) for batch in batches for task in portion.tasks]


def _shard(partition: Partition, task: EmbedTask, parts: list[Embedded]) -> EmbeddingShard:
    """Shard of a partition, sorted by TARGETID, made from vectors in the partition's order."""
    header = task.header(partition)
    has = partition.catalogue[schema.HAS[task.modality]].to_numpy()
    rows = partition.catalogue.filter(has)
    vectors = np.concatenate([found for found, _ in parts])
    if vectors.shape != (header.n_rows, header.dim):
        raise ShardError(
            f"{partition.name}: expected {task.modality} embeddings of shape "
            f"{(header.n_rows, header.dim)} (galaxies, dimensions); the encoder returned "
            f"{vectors.shape}."
        )
    ids = rows[schema.TARGET_ID].to_numpy()
    order = np.argsort(ids)
    bits = [quality for _, quality in parts if quality is not None]
    quality = np.concatenate(bits) | task.assess_catalogue(rows) if bits else None
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
        quality=None if quality is None else quality[order],
        device=header.device,
    )
