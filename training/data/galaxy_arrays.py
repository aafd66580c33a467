"""Arrays with one row for each galaxy, in half precision, in memory or in a file.

The arrays hold prepared pixels or the output tokens of frozen backbones. Beside the file of an
array lies a record of its sources (digests, fingerprints), and the file is used again only where
the sources are the same.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.arrays import Rows
from galsearch.core.errors import CheckpointError, DatasetError
from galsearch.core.fingerprint import short_digest
from galsearch.files.atomic import new_array, write_json

LARGEST_HALF = 65504.0
"""Largest half-precision (float16) value; larger values are clipped to it."""


@dataclass(frozen=True, eq=False)
class HalfPrecisionArray:
    """(n, ...) float16 values, one row for each galaxy; `take` returns rows as float32."""

    array: npt.NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: Tensor | Rows) -> Tensor:
        """(len(rows), ...) float32 copy of the values of some galaxies, in the order of `rows`."""
        some: npt.NDArray[np.float16] = self.array[np.asarray(rows)]
        return torch.from_numpy(some.astype(np.float32))

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield the values of all galaxies in order, as float32 batches of `size` rows; the last
        batch may be shorter.
        """
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))


RowChunks = Iterable[tuple[Rows, Tensor]]
"""Chunks of row numbers and the values of these rows; every row occurs in exactly one chunk."""


def fill_array(
    n_rows: int, chunks: RowChunks, make: Callable[[tuple[int, ...]], Any]
) -> HalfPrecisionArray:
    """A half-precision array with one row for each galaxy, filled from chunks of rows.

    Parameters
    ----------
    n_rows
        Number of rows of the array.
    chunks
        Values of all its rows.
    make
        Makes the empty array from its shape.

    Raises
    ------
    DatasetError
        Where the chunks do not hold every row exactly once.
    """
    array, n_filled = None, 0
    for rows, values in chunks:
        if array is None:
            array = make((n_rows, *values.shape[1:]))
        array[rows] = values.clamp(-LARGEST_HALF, LARGEST_HALF).numpy().astype(np.float16)
        n_filled += len(rows)
    if array is None or n_filled != n_rows:
        raise DatasetError(
            f"the catalogue lists {n_rows} galaxies with this modality, the partitions hold "
            f"{n_filled}."
        )
    return HalfPrecisionArray(array)


def array_in_memory(n_rows: int, chunks: RowChunks) -> HalfPrecisionArray:
    """A half-precision array in memory, filled from chunks of rows."""
    return fill_array(n_rows, chunks, lambda shape: np.empty(shape, np.float16))


def array_in_file(
    path: Path, made_from: dict[str, Any], n_rows: int, chunks: RowChunks
) -> HalfPrecisionArray:
    """A memory-mapped half-precision array in a file, filled from chunks of rows; a file that
    exists already is opened instead.

    Parameters
    ----------
    path
        The file (.npy). Its record has the same name with the ending .json.
    made_from
        Text and numbers that determine the content, such as fingerprints and digests.
    n_rows
        Number of rows of the array.
    chunks
        Values of all its rows; not read where the file exists.

    Raises
    ------
    CheckpointError
        Where the file exists and its record names other sources.
    """
    record_path = path.with_suffix(".json")
    if path.is_file() and record_path.is_file():
        found = json.loads(record_path.read_text(encoding="utf-8"))
        different = [
            f"{name} is {_short(found.get(name))}, not {_short(value)}"
            for name, value in made_from.items()
            if found.get(name) != value
        ]
        if different:
            raise CheckpointError(
                f"{path} was made from something else: {'; '.join(different)}. Name another "
                "directory, or delete it."
            )
        return HalfPrecisionArray(np.load(path, mmap_mode="r"))
    with ExitStack() as stack:
        fill_array(
            n_rows,
            chunks,
            lambda shape: stack.enter_context(new_array(path, dtype=np.float16, shape=shape)),
        )
    write_json(record_path, made_from, indent=1)
    return HalfPrecisionArray(np.load(path, mmap_mode="r"))


def _short(value: Any) -> str:
    text = str(value)
    return f"{short_digest(text)}..." if len(text) > 40 else text
