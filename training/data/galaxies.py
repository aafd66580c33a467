"""The galaxies that a training stage uses, their splits and their prepared pixels.

A missing modality or a split without galaxies is reported from the catalogue alone, before any
pixel is read.
"""

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

from galsearch.core.arrays import Float64Array, Rows, TargetIds
from galsearch.core.errors import DatasetError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.dataset import Dataset, GalaxyBatch, split_of
from galsearch.dataset.schema import HAS
from galsearch.files.digest import sha256_of_parts
from training.data.galaxy_arrays import (
    HalfPrecisionArray,
    RowChunks,
    array_in_file,
    array_in_memory,
)
from training.engine.processes import Processes

READ_BATCH_SIZE = 256
"""Number of galaxies that are read from a dataset at once."""
LEARNING_SPLITS = ("train", "validation")
"""Splits that training uses; the third, `test`, is reserved for benchmarks."""


@dataclass(frozen=True, eq=False)
class TrainingGalaxies:
    """Galaxies of the training and validation splits that have every modality a stage needs."""

    dataset: Dataset
    """The dataset from which the galaxies are read."""
    modalities: tuple[Modality, ...]
    """The modalities that every one of the galaxies has."""
    target_ids: TargetIds
    """(n,) TARGETIDs in the order of the dataset. All row numbers of the training code refer to
    this array.
    """
    split: npt.NDArray[np.str_]
    """(n,) name of the split of each galaxy: 'train' or 'validation'."""

    def __len__(self) -> int:
        return len(self.target_ids)

    def rows_of(self, split: str) -> Rows:
        """Ascending row numbers of the galaxies of one split ('train' or 'validation')."""
        return np.flatnonzero(self.split == split)

    def column(self, name: str) -> Float64Array:
        """(n,) values of a numeric column of the catalogue, NaN where it is null."""
        column = self.dataset.catalogue[name].cast(pa.float64())
        chosen = np.isin(self.dataset.target_ids, self.target_ids)
        return np.asarray(column.to_numpy(zero_copy_only=False)[chosen], dtype=np.float64)

    @property
    def digest(self) -> str:
        """The SHA-256 digest, in hexadecimal, of the dataset's digest and the TARGETIDs of the
        training and validation galaxies.
        """
        return sha256_of_parts([self.dataset.digest.encode(), self.target_ids.tobytes()])

    def batches(self, modality: Modality) -> Iterator[tuple[Rows, GalaxyBatch]]:
        """Yield all training and validation galaxies in batches: their row numbers, and a batch
        with the pixels of one modality.
        """
        order = np.argsort(self.target_ids)
        sorted_ids = self.target_ids[order]
        for part in self.dataset.partitions:
            for batch in part.batches(READ_BATCH_SIZE, modalities=(modality,)):
                row = find_rows(sorted_ids, batch.target_ids)
                chosen = np.flatnonzero(row >= 0)
                if len(chosen):
                    yield order[row[chosen]], batch.take(chosen)


def choose_galaxies(dataset: Dataset, modalities: Sequence[Modality]) -> TrainingGalaxies:
    """The galaxies of the training and validation splits that have all the given modalities.

    Raises
    ------
    DatasetError
        Where a split has fewer than two such galaxies.
    """
    has = {m: dataset.catalogue[HAS[m]].to_numpy() for m in Modality}
    usable = np.logical_and.reduce([has[m] for m in modalities])
    split = split_of(dataset.target_ids)
    usable &= np.isin(split, LEARNING_SPLITS)
    galaxies = TrainingGalaxies(
        dataset, tuple(modalities), dataset.target_ids[usable], split[usable]
    )
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


def prepare_galaxies(
    galaxies: TrainingGalaxies,
    modality: Modality,
    prepare: Callable[[GalaxyBatch], Tensor],
    made_from: dict[str, Any],
    folder: Path,
    memory_gb: float,
    processes: Processes,
) -> HalfPrecisionArray:
    """(n, ...) float16 prepared pixels of every galaxy, held in memory if they fit and otherwise in
    a file.

    Parameters
    ----------
    galaxies
        The galaxies to prepare.
    modality
        The modality whose pixels are read.
    prepare
        Makes an array with one row for each galaxy of a batch.
    made_from
        What determines the content besides the galaxies; it is written beside the file.
    folder
        Directory of the file that holds the pixels where they exceed `memory_gb`.
    memory_gb
        Largest size of the prepared pixels in memory, in gigabytes (1e9 bytes).
    processes
        The first process makes the file, the others open it.
    """
    n_rows = len(galaxies)
    n_bytes = 2 * n_rows * prepare(_first(galaxies, modality))[0].numel()
    chunks = prepared_chunks(galaxies, modality, prepare, processes)
    if n_bytes <= memory_gb * 1e9:
        return array_in_memory(n_rows, chunks)
    record = {**made_from, "galaxies": galaxies.digest}
    path = folder / f"{modality.value}.npy"
    return make_in_first_process(processes, lambda: array_in_file(path, record, n_rows, chunks))


def make_in_first_process(
    processes: Processes, make: Callable[[], HalfPrecisionArray]
) -> HalfPrecisionArray:
    """Call `make` in the first process, where it writes a file, and then in all other processes,
    where it opens the same file; returns the array of this process.
    """
    if not processes.is_first:
        processes.wait()
        return make()
    rows = make()
    processes.wait()
    return rows


def prepared_chunks(
    galaxies: TrainingGalaxies,
    modality: Modality,
    prepare: Callable[[GalaxyBatch], Tensor],
    processes: Processes,
) -> RowChunks:
    """Yield row numbers and prepared pixels of all galaxies, batch by batch, and show a progress
    bar.
    """
    bar = track(
        galaxies.batches(modality),
        f"reading {modality.value} pixels",
        total=sum(-(-len(part) // READ_BATCH_SIZE) for part in galaxies.dataset.partitions),
        console=Console(stderr=True),
        disable=not processes.is_first,
    )
    for rows, batch in bar:
        yield rows, prepare(batch)


def _first(galaxies: TrainingGalaxies, modality: Modality) -> GalaxyBatch:
    """A batch with the first galaxy alone, from which the shape of the prepared pixels is found."""
    return galaxies.dataset.read(galaxies.target_ids[:1], modalities=(modality,))
