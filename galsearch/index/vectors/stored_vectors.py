"""The stored vectors of one modality in memory-mapped files, addressed by row and by TARGETID.

The vectors are in one or several segments. A segment is a directory with `ids.npy` (TARGETIDs in
ascending order) and `vectors.npy` (one encoded vector in each row). Vectors that the encoding
cannot hold are in `whole.npy` besides, and where vectors are rounded, `originals.npy` may hold all
of them as they were embedded. A build writes one segment; each later addition of galaxies writes
another.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float32Array, Rows, TargetIds, Vectors
from galsearch.core.ids import find_rows
from galsearch.files.held_files import OpenFile, open_binary
from galsearch.index.vectors.array_files import (
    IDS_NAME,
    ORIGINALS_NAME,
    PCA_NAME,
    VECTORS_NAME,
    WHOLE_ROWS_NAME,
    map_array,
)
from galsearch.index.vectors.codec import Codec, make_codec
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.whole_rows import WholeRows

_BLOCK_ROWS = 32_768
"""Number of vectors that are decoded at a time: 32 MB for 256 dimensions."""


@dataclass(frozen=True, eq=False)
class VectorSegment:
    """A part of the stored vectors: those written together, and the rows deleted since."""

    ids: TargetIds
    """TARGETIDs of the segment, shape (n,), in ascending order and each only once."""
    vectors: npt.NDArray[Any]
    """Encoded vectors, shape (n, width), in order of TARGETID."""
    deleted_rows: Rows
    """Rows of deleted galaxies, numbered within the segment, ascending."""
    codec: Codec
    dim: int
    whole: WholeRows
    """Rows that the codec cannot hold, and their vectors."""
    originals: Vectors | None = None
    """Float32 vectors as they were embedded, shape (n, d); None where only encoded ones are kept.
    """

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        n_vectors: int,
        dim: int,
        store: str = "float32",
        removed: TargetIds | None = None,
        beside: Collection[str] = (),
        open_file: OpenFile = open_binary,
    ) -> "VectorSegment":
        """The memory-mapped segment in `directory`.

        Parameters
        ----------
        directory
            Directory of the segment.
        n_vectors, dim
            Number of vectors and of dimensions that the manifest states.
        store
            Name of the encoding: `float32`, `float16` or `int8`.
        removed : (m,) int64
            TARGETIDs that have been deleted; ids of other segments are ignored.
        beside
            Names of files in the directory; `originals.npy` and the whole rows are opened if named.
        open_file
            Opens a file of the segment; by default the one that is at its path now.

        Raises
        ------
        ManifestError
            Where an array has another shape or dtype than the manifest states.
        """
        pca = None
        if store == "int8":
            pca = PrincipalAxes.read(directory / PCA_NAME, dim=dim, open_file=open_file)
        codec = make_codec(store, dim, pca)
        shape, path = (n_vectors, codec.width), directory / VECTORS_NAME
        vectors = map_array(path, shape, codec.dtype, open_file=open_file)
        path = directory / IDS_NAME
        ids = map_array(path, (n_vectors,), np.dtype("<i8"), open_file=open_file)
        deleted = find_rows(ids, np.zeros(0, np.int64) if removed is None else removed)
        whole, originals = WholeRows.none(dim), None
        if WHOLE_ROWS_NAME in beside:
            whole = WholeRows.open(directory, n_vectors=n_vectors, dim=dim, open_file=open_file)
        if ORIGINALS_NAME in beside:
            path, single = directory / ORIGINALS_NAME, np.dtype("<f4")
            originals = map_array(path, (n_vectors, dim), single, open_file=open_file)
        elif store == "float32":
            originals = vectors
        return cls(ids, vectors, np.sort(deleted[deleted >= 0]), codec, dim, whole, originals)

    @classmethod
    def in_memory(cls, ids: TargetIds, vectors: Vectors) -> "VectorSegment":
        """A segment of float32 vectors in memory, none of them deleted."""
        dim = vectors.shape[1]
        codec, whole = make_codec("float32", dim, None), WholeRows.none(dim)
        return cls(ids, vectors, np.empty(0, np.int64), codec, dim, whole, vectors)

    def decode(self, rows: Rows | slice, *, one_by_one: bool = False) -> Vectors:
        """The float32 unit vectors in the given rows of the segment, (n, d); see `Codec.decode`."""
        vectors = self.codec.decode(self.vectors[rows], one_by_one=one_by_one)
        if len(self.whole):
            numbers = np.arange(len(self.ids))[rows] if isinstance(rows, slice) else rows
            at = self.whole.positions(numbers)
            vectors[at >= 0] = self.whole.vectors[at[at >= 0]]
        return vectors

    def as_embedded(self) -> "VectorSegment | None":
        """The segment with its vectors as they were embedded; None where they were not kept."""
        if self.originals is None:
            return None
        if self.originals is self.vectors:
            return self
        codec, whole = make_codec("float32", self.dim, None), WholeRows.none(self.dim)
        return replace(self, vectors=self.originals, codec=codec, whole=whole)


class StoredVectors:
    """The vectors of one modality, addressed by row and by TARGETID; read-only.

    Rows are numbered from 0 through all segments. A deleted galaxy keeps its row, but no method
    that looks up TARGETIDs or iterates over the vectors returns it.
    """

    def __init__(self, segments: Sequence[VectorSegment]) -> None:
        self.segments = tuple(segments)
        lengths = [len(segment.ids) for segment in self.segments]
        self.starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.n_rows = int(self.starts[-1])
        self.dim = self.segments[0].dim
        self.codec = self.segments[0].codec
        starts = zip(self.segments, self.starts, strict=False)
        deleted = [segment.deleted_rows + start for segment, start in starts]
        self.deleted_rows: Rows = np.concatenate(deleted)

    def __len__(self) -> int:
        """Number of vectors that are not deleted."""
        return self.n_rows - len(self.deleted_rows)

    @property
    def originals(self) -> "StoredVectors | None":
        """The same vectors as they were embedded; None where only rounded ones are kept."""
        # The vectors themselves are not cached in an attribute of their own: such a circle would
        # keep the files of an index open after the last reference to it.
        if all(segment.as_embedded() is segment for segment in self.segments):
            return self
        return self._separate_originals

    @cached_property
    def _separate_originals(self) -> "StoredVectors | None":
        """Vectors as they were embedded beside rounded ones; None where these are not kept."""
        segments = [segment.as_embedded() for segment in self.segments]
        kept = [segment for segment in segments if segment is not None]
        return StoredVectors(kept) if len(kept) == len(segments) else None

    @cached_property
    def ids(self) -> TargetIds:
        """TARGETIDs of the vectors that are not deleted, shape (n,), ascending."""
        if len(self.segments) == 1 and not len(self.deleted_rows):
            return self.segments[0].ids
        parts = [np.delete(segment.ids, segment.deleted_rows) for segment in self.segments]
        return np.sort(np.concatenate(parts))

    def rows_of(self, target_ids: TargetIds) -> Rows:
        """The row of the vector of each TARGETID; -1 for one that is not stored or was deleted."""
        rows = np.full(len(target_ids), -1)
        for segment, start in zip(self.segments, self.starts, strict=False):
            found = find_rows(segment.ids, target_ids)
            if len(segment.deleted_rows):
                found[find_rows(segment.deleted_rows, found) >= 0] = -1
            rows = np.where(found >= 0, found + start, rows)
        return rows

    def ids_at(self, rows: Rows) -> TargetIds:
        """TARGETIDs of the stored vectors in the given rows, in an array of the shape of `rows`."""
        if len(self.segments) == 1:
            return self.segments[0].ids.take(rows)
        ids = np.empty(rows.shape, np.int64)
        for segment, mask, local_rows in self._by_segment(rows):
            ids[mask] = segment.ids[local_rows]
        return ids

    def take(self, rows: Rows) -> Vectors:
        """The float32 unit vectors stored in the given rows, shape (n, d).

        The vector of a row does not depend on the other rows of the call, so that a galaxy is
        compared with the same vector in a single query and in a batch.
        """
        vectors = np.empty((len(rows), self.dim), np.float32)
        for segment, mask, local_rows in self._by_segment(rows):
            vectors[mask] = segment.decode(local_rows, one_by_one=True)
        return vectors

    def blocks(self) -> Iterator[tuple[Rows, Vectors]]:
        """Iterate over all vectors that are not deleted, in blocks of at most 32,768.

        Each block is a pair of (n,) row numbers and (n, d) float32 unit vectors.
        """
        for segment, start in zip(self.segments, self.starts, strict=False):
            for first in range(0, len(segment.ids), _BLOCK_ROWS):
                block = segment.decode(slice(first, first + _BLOCK_ROWS))
                rows = np.arange(start + first, start + first + len(block))
                present = find_rows(self.deleted_rows, rows) < 0
                if not present.all():
                    rows, block = rows[present], block[present]
                yield rows, block

    def cosines(self, rows: Rows, queries: Vectors) -> Float32Array:
        """Cosine similarities of stored vectors with query vectors, within [-1, 1].

        Each cosine is summed in double precision, independently of all others. So the same pair
        of vectors has the same cosine in every call, and equal vectors have equal cosines.

        Parameters
        ----------
        rows : (n,) or (q, n) int64
            Rows of the stored vectors to compare: a list for the only query, or one for each query.
        queries : (d,) or (q, d) float32
            One query vector of unit length, or one for each list of rows.

        Returns
        -------
        (n,) or (q, n) float32
            Cosines, in the order of `rows`.
        """
        weights, offsets = self.codec.weights(queries)
        if queries.ndim == 1:
            encoded = self._encoded(rows)
        else:
            encoded = self._encoded(rows.reshape(-1)).reshape(*rows.shape, -1)
            weights, offsets = weights[:, None, :], offsets[:, None]
        cosines = self.codec.cosines(encoded, weights)
        cosines += offsets
        for segment, start in self._with_whole_rows:
            at = segment.whole.positions(rows - start)
            places = np.nonzero(at >= 0)
            own = queries if queries.ndim == 1 else queries[places[0]]
            exact = segment.whole.vectors[at[places]].astype(np.float64)
            cosines[places] = np.vecdot(exact, own.astype(np.float64))
        single = cosines.astype(np.float32)
        np.minimum(single, 1.0, out=single)
        return np.maximum(single, -1.0, out=single)

    @cached_property
    def _with_whole_rows(self) -> list[tuple[VectorSegment, int]]:
        """The segments in which vectors are stored whole, each with its first row."""
        pairs = zip(self.segments, self.starts.tolist(), strict=False)
        return [(segment, start) for segment, start in pairs if len(segment.whole)]

    def _encoded(self, rows: Rows) -> npt.NDArray[Any]:
        """Encoded vectors in the given rows, shape (n, width)."""
        if len(self.segments) == 1:
            return self.segments[0].vectors.take(rows, axis=0)
        encoded = np.empty((len(rows), self.codec.width), self.codec.dtype)
        for segment, mask, local_rows in self._by_segment(rows):
            encoded[mask] = segment.vectors[local_rows]
        return encoded

    def _by_segment(self, rows: Rows) -> Iterator[tuple[VectorSegment, Any, Rows]]:
        """Iterate over the segments that hold some of the given rows.

        Each item is a segment, the positions of its rows in `rows` (a mask or a slice), and the row
        numbers within the segment.
        """
        if len(self.segments) == 1:
            yield self.segments[0], slice(None), rows
            return
        number = np.searchsorted(self.starts, rows, side="right") - 1
        for i, segment in enumerate(self.segments):
            mask = number == i
            if mask.any():
                yield segment, mask, rows[mask] - self.starts[i]
