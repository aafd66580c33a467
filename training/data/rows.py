"""An array with a row a galaxy: half precision, in memory or in a file that says what made it.

Prepared pixels and the tokens of frozen towers are kept so. A file is used again only by who
asks for exactly what it was made from.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from galsearch.core.errors import CheckpointError, DatasetError
from galsearch.files.atomic import new_file

LARGEST = 65504.0
"""Of a half-precision number; what is beyond is clipped."""


@dataclass(frozen=True, eq=False)
class Rows:
    """(n, ...) half-precision numbers; `take` gives some rows as float32."""

    array: npt.NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: Tensor | npt.NDArray[np.int64]) -> Tensor:
        """(len(rows), ...) float32, in the order asked for; read from the file where it is one."""
        some: npt.NDArray[np.float16] = self.array[np.asarray(rows)]
        return torch.from_numpy(some.astype(np.float32))

    def batches(self, size: int) -> Iterator[Tensor]:
        """All rows in order, `size` at a time, the last batch shorter."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))


Chunks = Iterable[tuple[npt.NDArray[np.int64], Tensor]]
"""Row numbers and what belongs there, part by part; every row once."""


def filled(n_rows: int, chunks: Chunks, make: Callable[[tuple[int, ...]], Any]) -> Rows:
    """All chunks in one array, which `make` gives for the whole shape.

    Raises
    ------
    DatasetError
        Where the chunks do not hold every row exactly once.
    """
    array, n_filled = None, 0
    for rows, values in chunks:
        if array is None:
            array = make((n_rows, *values.shape[1:]))
        array[rows] = values.clamp(-LARGEST, LARGEST).numpy().astype(np.float16)
        n_filled += len(rows)
    if array is None or n_filled != n_rows:
        raise DatasetError(
            f"the catalogue promises {n_rows} galaxies of this kind, its partitions hold "
            f"{n_filled}: ingest again."
        )
    return Rows(array)


def rows_in_memory(n_rows: int, chunks: Chunks) -> Rows:
    """The chunks as one array in memory."""
    return filled(n_rows, chunks, lambda shape: np.empty(shape, np.float16))


def rows_in_file(path: Path, made_from: dict[str, Any], n_rows: int, chunks: Chunks) -> Rows:
    """The chunks as one array in `path` (.npy), which is read where it is there already.

    Parameters
    ----------
    made_from
        Text and numbers that decide the content: fingerprints, digests.

    Raises
    ------
    CheckpointError
        Where the file was made from something else.
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
        return Rows(np.load(path, mmap_mode="r"))
    with new_file(path) as temporary:
        filled(
            n_rows,
            chunks,
            lambda shape: np.lib.format.open_memmap(temporary, "w+", np.float16, shape),
        ).array.flush()  # type: ignore[attr-defined]
    with new_file(record_path) as temporary:
        temporary.write_text(json.dumps(made_from, indent=1) + "\n", encoding="utf-8")
    return Rows(np.load(path, mmap_mode="r"))


def _short(value: Any) -> str:
    text = str(value)
    return f"{text[:12]}..." if len(text) > 40 else text
