"""The galaxies of a stage: who is in which split, and their prepared pixels.

What is missing is said from the catalogue alone, before a single pixel is read.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from rich.console import Console
from rich.progress import track
from torch import Tensor

from galsearch.core.errors import DatasetError
from galsearch.core.modality import Modality
from galsearch.dataset import Dataset, GalaxyBatch, split_of
from galsearch.dataset.schema import HAS
from training.data.rows import Chunks, Rows, rows_in_file, rows_in_memory
from training.engine.processes import Processes

READ_AT_ONCE = 256
LEARNING_SPLITS = ("train", "validation")
"""The third, `test`, is left for benchmarks."""


@dataclass(frozen=True, eq=False)
class Galaxies:
    """The galaxies of the training and validation splits that have what a stage needs."""

    dataset: Dataset
    modalities: tuple[Modality, ...]
    """What each of them has."""
    target_ids: npt.NDArray[np.int64]
    """(n,) in the dataset's order; row numbers everywhere are places in it."""
    split: npt.NDArray[np.str_]
    """(n,)."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def rows_of(self, split: str) -> npt.NDArray[np.int64]:
        """Row numbers of a split, ascending."""
        return np.flatnonzero(self.split == split)

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """(n,) a column of numbers of the catalogue, NaN where it is null."""
        column = self.dataset.catalogue[name].cast(pa.float64())
        chosen = np.isin(self.dataset.target_ids, self.target_ids)
        return np.asarray(column.to_numpy(zero_copy_only=False)[chosen], dtype=np.float64)

    @property
    def digest(self) -> str:
        """SHA-256 over the dataset and the chosen galaxies."""
        text = self.dataset.digest.encode() + self.target_ids.tobytes()
        return hashlib.sha256(text).hexdigest()

    def batches(self, modality: Modality) -> Iterator[tuple[npt.NDArray[np.int64], GalaxyBatch]]:
        """Row numbers, and those galaxies with the pixels of one modality."""
        order = np.argsort(self.target_ids)
        known = self.target_ids[order]
        for part in self.dataset.partitions:
            for batch in part.batches(READ_AT_ONCE, modalities=(modality,)):
                at = np.minimum(np.searchsorted(known, batch.target_ids), known.size - 1)
                mine = np.flatnonzero(known[at] == batch.target_ids)
                if len(mine):
                    yield order[at[mine]], batch.take(mine)


def choose_galaxies(dataset: Dataset, modalities: Sequence[Modality]) -> Galaxies:
    """The galaxies that have all these modalities, of the splits that training may see.

    Raises
    ------
    DatasetError
        Where a split has fewer than two of them.
    """
    has = {m: dataset.catalogue[HAS[m]].to_numpy() for m in Modality}
    usable = np.logical_and.reduce([has[m] for m in modalities])
    split = split_of(dataset.target_ids)
    usable &= np.isin(split, LEARNING_SPLITS)
    galaxies = Galaxies(dataset, tuple(modalities), dataset.target_ids[usable], split[usable])
    counts = {name: len(galaxies.rows_of(name)) for name in LEARNING_SPLITS}
    if min(counts.values()) < 2:
        n_image, n_spectrum = (int(has[m].sum()) for m in Modality)
        raise DatasetError(
            f"dataset {dataset.name!r} has {counts['train']} training and "
            f"{counts['validation']} validation galaxies with "
            f"{' and '.join(m.value for m in modalities)}, at least 2 of each are needed. Of its "
            f"{len(dataset)} galaxies {n_image} have an image, {n_spectrum} a spectrum, and "
            f"{int((has[Modality.IMAGE] & has[Modality.SPECTRUM]).sum())} both: ingest more."
        )
    return galaxies


def prepared(
    galaxies: Galaxies,
    modality: Modality,
    prepare: Callable[[GalaxyBatch], Tensor],
    made_from: dict[str, Any],
    folder: Path,
    memory_gb: float,
    processes: Processes,
) -> Rows:
    """What `prepare` makes of every galaxy: in memory, or in a file of `folder` above the bound.

    Parameters
    ----------
    made_from
        What decides the content beside the galaxies, for the file's record.
    """
    n_rows = len(galaxies)
    n_bytes = 2 * n_rows * prepare(_first(galaxies, modality))[0].numel()
    chunks = chunks_of(galaxies, modality, prepare, processes)
    if n_bytes <= memory_gb * 1e9:
        return rows_in_memory(n_rows, chunks)
    record = {**made_from, "galaxies": galaxies.digest}
    path = folder / f"{modality.value}.npy"
    return made_once(processes, lambda: rows_in_file(path, record, n_rows, chunks))


def made_once(processes: Processes, make: Callable[[], Rows]) -> Rows:
    """The first process makes a file, the others open it."""
    if not processes.is_first:
        processes.wait()
        return make()
    rows = make()
    processes.wait()
    return rows


def chunks_of(
    galaxies: Galaxies,
    modality: Modality,
    prepare: Callable[[GalaxyBatch], Tensor],
    processes: Processes,
) -> Chunks:
    """Rows and prepared pixels, batch by batch, with a progress bar."""
    bar = track(
        galaxies.batches(modality),
        f"reading {modality.value} pixels",
        total=sum(-(-len(part) // READ_AT_ONCE) for part in galaxies.dataset.partitions),
        console=Console(stderr=True),
        disable=not processes.is_first,
    )
    for rows, batch in bar:
        yield rows, prepare(batch)


def _first(galaxies: Galaxies, modality: Modality) -> GalaxyBatch:
    """One galaxy, to learn the shape of what is prepared."""
    return galaxies.dataset.read(galaxies.target_ids[:1], modalities=(modality,))
