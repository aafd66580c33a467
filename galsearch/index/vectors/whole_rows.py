"""Vectors that an encoding cannot hold, which are stored whole beside the encoded rows.

The `int8` encoding clips coordinates that are outside the ranges of its sample. Vectors of rare or
new kinds would be changed by that beyond rounding, so they are kept in float32, by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Rows, Vectors
from galsearch.core.errors import ManifestError
from galsearch.core.ids import find_rows
from galsearch.files.atomic import write_array
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.vectors.array_files import (
    WHOLE_ROWS_NAME,
    WHOLE_VECTORS_NAME,
    map_array,
    read_target_ids,
)


@dataclass(frozen=True, eq=False)
class WholeRows:
    """The rows of a segment whose vectors are stored whole, and these vectors."""

    rows: Rows
    """Rows within the segment, shape (m,), ascending."""
    vectors: Vectors
    """Their unit vectors, shape (m, d), float32."""

    @classmethod
    def none(cls, dim: int) -> "WholeRows":
        """No row, for encodings that hold every vector."""
        return cls(np.empty(0, np.int64), np.empty((0, dim), np.float32))

    @classmethod
    def joined(cls, parts: Sequence["WholeRows"]) -> "WholeRows":
        """The whole rows of several parts of a segment, in any order, as one."""
        rows = np.concatenate([part.rows for part in parts])
        vectors = np.concatenate([part.vectors for part in parts])
        order = np.argsort(rows)
        return cls(rows[order], vectors[order])

    @classmethod
    def open(
        cls, directory: Path, *, n_vectors: int, dim: int, open_file: OpenFile = open_binary
    ) -> "WholeRows":
        """The whole rows in the directory of a segment of `n_vectors` vectors; memory-mapped.

        Raises
        ------
        ManifestError
            Where a file has another shape or dtype, or its rows are not rows of the segment.
        """
        path = directory / WHOLE_ROWS_NAME
        rows = read_target_ids(path, open_file=open_file)
        if len(rows) and not (rows[0] >= 0 and rows[-1] < n_vectors and (np.diff(rows) > 0).all()):
            raise ManifestError(f"{path}: not ascending rows of {n_vectors:,} vectors.", path=path)
        path, shape = directory / WHOLE_VECTORS_NAME, (len(rows), dim)
        return cls(rows, map_array(path, shape, np.dtype("<f4"), open_file=open_file))

    def __len__(self) -> int:
        """Number of vectors that are stored whole."""
        return len(self.rows)

    def write(self, directory: Path) -> None:
        """Write the rows and their vectors to the directory of a segment."""
        write_array(directory / WHOLE_ROWS_NAME, np.asarray(self.rows, "<i8"))
        write_array(directory / WHOLE_VECTORS_NAME, np.asarray(self.vectors, "<f4"))

    def positions(self, rows: Rows) -> Rows:
        """Position of each of the given rows among the whole rows, -1 for one that is encoded."""
        return find_rows(self.rows, rows)
