"""What lies memory-mapped beside the quantised index: ids with their vectors, ids with places.

`<modality>/ids.npy` (n,) int64 ascending, `<modality>/vectors.npy` (n, width) rows of a codec;
`catalogue.npy` (n,) records of target_id, ra_deg, dec_deg, z, ascending by target_id, found
through `ids.npy` beside it: plain ids are searched without reading the records between.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import ManifestError
from galsearch.index.vectors.codec import Codec, make_codec
from galsearch.index.vectors.pca import BASIS_NAME, Basis

IDS_NAME, VECTORS_NAME, CATALOGUE_NAME = "ids.npy", "vectors.npy", "catalogue.npy"
CATALOGUE_FILE = "catalogue.parquet"
"""Every catalogue column; read only where a filter is asked for."""
CATALOGUE_DTYPE = np.dtype(
    [("target_id", "<i8"), ("ra_deg", "<f8"), ("dec_deg", "<f8"), ("z", "<f8")]
)
"""One record a galaxy; z is NaN where it is not known."""
_BLOCK_ROWS = 32_768
"""Vectors decoded at a time: 32 MB of 256 components."""

Ids = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def find_rows(sorted_ids: Ids, wanted: Ids) -> Rows:
    """(n,) row of each wanted id, -1 for an id that is not there.

    Examples
    --------
    >>> find_rows(np.array([3, 7, 9]), np.array([9, 4, 3]))
    array([ 2, -1,  0])
    """
    if not len(sorted_ids):
        return np.full(len(wanted), -1)
    row = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[row] == wanted, row, -1)


@dataclass(frozen=True, eq=False)
class Segment:
    """Vectors that were written together, and which of them were removed since."""

    ids: Ids
    """(n,) ascending, unique."""
    vectors: npt.NDArray[Any]
    """(n, width) rows that the codec reads."""
    dead: Rows
    """Rows of removed galaxies, ascending."""
    codec: Codec
    dim: int

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        n_vectors: int,
        dim: int,
        store: str = "float32",
        removed: Ids | None = None,
    ) -> "Segment":
        """The mapped arrays of `directory`, whose shapes must be those of the manifest.

        Raises
        ------
        ManifestError
            Naming the array of another shape or dtype.
        """
        basis = Basis.read(directory / BASIS_NAME, dim=dim) if store == "int8" else None
        codec = make_codec(store, dim, basis)
        ids = map_array(directory / IDS_NAME, (n_vectors,), np.dtype("<i8"))
        vectors = map_array(directory / VECTORS_NAME, (n_vectors, codec.width), codec.dtype)
        gone = find_rows(ids, np.zeros(0, np.int64) if removed is None else removed)
        return cls(ids, vectors, np.sort(gone[gone >= 0]), codec, dim)

    @classmethod
    def of(cls, ids: Ids, vectors: Vectors) -> "Segment":
        """Single-precision vectors in memory, none removed."""
        dim = vectors.shape[1]
        return cls(ids, vectors, np.empty(0, np.int64), make_codec("float32", dim, None), dim)


class StoredVectors:
    """The vectors of one modality, by row and by TARGETID.

    Rows count through the segments; a removed galaxy keeps its row and is never found.
    """

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        lengths = [len(segment.ids) for segment in self.segments]
        self.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.n_rows = int(self.starts[-1])
        self.dim = self.segments[0].dim
        self.codec = self.segments[0].codec
        starts = zip(self.segments, self.starts, strict=False)
        self.dead: Rows = np.concatenate([segment.dead + start for segment, start in starts])
        self._n_alive = self.n_rows - len(self.dead)

    def __len__(self) -> int:
        return self._n_alive

    @cached_property
    def ids(self) -> Ids:
        """(n,) TARGETIDs that can be found, ascending."""
        if len(self.segments) == 1 and not len(self.dead):
            return self.segments[0].ids
        parts = [np.delete(segment.ids, segment.dead) for segment in self.segments]
        return np.sort(np.concatenate(parts))

    def rows_of(self, target_ids: Ids) -> Rows:
        """(n,) row of each TARGETID, -1 for one that is not stored."""
        rows = np.full(len(target_ids), -1)
        for segment, start in zip(self.segments, self.starts, strict=False):
            found = find_rows(segment.ids, target_ids)
            if len(segment.dead):
                found[find_rows(segment.dead, found) >= 0] = -1
            rows = np.where(found >= 0, found + start, rows)
        return rows

    def ids_at(self, rows: Rows) -> Ids:
        """TARGETIDs of these rows, in any shape."""
        if len(self.segments) == 1:
            return self.segments[0].ids.take(rows)
        ids = np.empty(rows.shape, np.int64)
        for segment, mine, local in self._by_segment(rows):
            ids[mine] = segment.ids[local]
        return ids

    def take(self, rows: Rows) -> Vectors:
        """(n, d) float32 unit vectors of these rows."""
        vectors = np.empty((len(rows), self.dim), np.float32)
        for segment, mine, local in self._by_segment(rows):
            vectors[mine] = segment.codec.decode(segment.vectors[local])
        return vectors

    def blocks(self) -> Iterator[tuple[Rows, Vectors]]:
        """Rows that can be found, and their unit vectors, some at a time."""
        for segment, start in zip(self.segments, self.starts, strict=False):
            for first in range(0, len(segment.ids), _BLOCK_ROWS):
                block = segment.vectors[first : first + _BLOCK_ROWS]
                rows = np.arange(start + first, start + first + len(block))
                alive = find_rows(self.dead, rows) < 0
                if not alive.all():
                    rows, block = rows[alive], block[alive]
                yield rows, segment.codec.decode(block)

    def cosines(self, rows: Rows, questions: Vectors) -> npt.NDArray[np.float32]:
        """True cosines of stored vectors with unit vectors, in [-1, 1].

        Summed in double precision row by row, so that a pair has one value however it was found
        and equal vectors have equal cosines.

        Parameters
        ----------
        rows : (n,) or (q, n)
        questions : (d,) or (q, d)
        """
        weights, offsets = self.codec.weights(questions)
        if questions.ndim == 1:
            raw = self._raw(rows)
        else:
            raw = self._raw(rows.reshape(-1)).reshape(*rows.shape, -1)
            weights, offsets = weights[:, None, :], offsets[:, None]
        found = self.codec.cosines(raw, weights)
        found += offsets
        single = found.astype(np.float32)
        np.minimum(single, 1.0, out=single)
        return np.maximum(single, -1.0, out=single)

    def _raw(self, rows: Rows) -> npt.NDArray[Any]:
        """(n, width) as they are stored."""
        if len(self.segments) == 1:
            return self.segments[0].vectors.take(rows, axis=0)
        found = np.empty((len(rows), self.codec.width), self.codec.dtype)
        for segment, mine, local in self._by_segment(rows):
            found[mine] = segment.vectors[local]
        return found

    def _by_segment(self, rows: Rows) -> Iterator[tuple[Segment, Any, Rows]]:
        if len(self.segments) == 1:
            yield self.segments[0], slice(None), rows
            return
        number = np.searchsorted(self.starts, rows, side="right") - 1
        for at, segment in enumerate(self.segments):
            mine = number == at
            if mine.any():
                yield segment, mine, rows[mine] - self.starts[at]


def map_array(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The array of a .npy file, memory-mapped and read-only.

    Raises
    ------
    ManifestError
        Where the file is no such array.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ManifestError(f"{path}: not a .npy array ({error}).") from None
    if array.shape != shape or array.dtype != dtype:
        raise ManifestError(
            f"{path}: {array.dtype} of shape {array.shape}, manifest.json says {dtype} of shape "
            f"{shape}. Build the index again with galsearch build-index."
        )
    return np.asarray(array)
