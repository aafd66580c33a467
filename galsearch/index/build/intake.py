"""Conversion of embeddings to the stored vectors of an index, one shard at a time."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.errors import ShardError
from galsearch.core.ids import find_rows
from galsearch.core.progress import StageProgress, no_stage_progress
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingStore
from galsearch.files.atomic import new_array, write_array
from galsearch.index.vectors.array_files import (
    IDS_NAME,
    ORIGINALS_NAME,
    PCA_NAME,
    VECTORS_NAME,
    WHOLE_ROWS_NAME,
    map_array,
)
from galsearch.index.vectors.codec import make_codec
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment
from galsearch.index.vectors.whole_rows import WholeRows


def store_vectors(
    store: EmbeddingStore, directory: Path, *, encoding: str, progress: StageProgress
) -> StoredVectors:
    """Write the embeddings of one modality to a new directory, and return the stored vectors.

    Every shard is read once for its TARGETIDs and once for its vectors, so that memory holds all
    TARGETIDs, but the vectors of only one shard. `write_vectors` describes the files.
    """
    return write_vectors(
        list(store.iter_ids()),
        store.iter_vectors(),
        directory,
        dim=store.dim,
        encoding=encoding,
        source=store.directory,
        progress=progress,
    )


def write_vectors(
    parts: Sequence[TargetIds],
    blocks: Iterable[tuple[TargetIds, Vectors]],
    directory: Path,
    *,
    dim: int,
    encoding: str,
    source: Path,
    progress: StageProgress = no_stage_progress,
) -> StoredVectors:
    """Write vectors to `ids.npy` and a file of float32 vectors, and return the stored vectors.

    In the files the vectors have unit norm and are in order of TARGETID. The file of vectors is
    `vectors.npy` if they stay in float32, and `originals.npy` if they will be encoded.

    Parameters
    ----------
    parts
        Arrays of TARGETIDs that together hold all of them, in any order.
    blocks
        Pairs of (n,) TARGETIDs and their (n, d) vectors, in any order.
    directory
        Directory to create.
    dim
        Number of dimensions of a vector.
    encoding
        Name of the encoding in which the vectors will be stored.
    source
        Directory that the vectors come from, for messages.

    Raises
    ------
    ShardError
        Where a TARGETID occurs twice, or the numbers of vectors and TARGETIDs differ.
    """
    directory.mkdir(parents=True)
    ids = np.sort(np.concatenate(parts))
    repeated = ids[1:][ids[1:] == ids[:-1]]
    if len(repeated):
        raise ShardError(
            f"{source}: {len(repeated):,} TARGETIDs occur twice, first {repeated[0]}.",
            target_id=int(repeated[0]),
        )
    write_array(directory / IDS_NAME, ids)
    done = 0
    path = directory / (VECTORS_NAME if encoding == "float32" else ORIGINALS_NAME)
    with new_array(path, dtype=np.float32, shape=(len(ids), dim)) as vectors:
        for block_ids, block in blocks:
            rows = find_rows(ids, block_ids)
            if (rows < 0).any():
                raise ShardError(f"{source}: its shards changed while they were read.")
            vectors[rows] = unit_rows(block)
            done += len(block_ids)
            progress(done, len(ids))
    if done != len(ids):
        raise ShardError(f"{source}: {len(ids):,} TARGETIDs and {done:,} vectors.")
    ids = map_array(directory / IDS_NAME, ids.shape, np.dtype("<i8"))
    single = map_array(path, (len(ids), dim), np.dtype("<f4"))
    return StoredVectors([VectorSegment.in_memory(ids, single)])


def compress_vectors(
    stored: StoredVectors,
    directory: Path,
    store: str,
    pca: PrincipalAxes | None,
    *,
    keep_originals: bool,
) -> StoredVectors:
    """Write float32 vectors in another encoding, and return the encoded vectors.

    Vectors that the encoding cannot hold are written whole besides. `stored` stays readable after
    the originals were removed, because it is memory-mapped.

    Parameters
    ----------
    stored
        Float32 vectors that `write_vectors` wrote to `directory`.
    store
        Name of the encoding: `float32` (nothing changes), `float16` or `int8`.
    pca
        Principal axes of the vectors, which `int8` needs.
    keep_originals
        Keep the float32 vectors beside the encoded ones, for exact search and for measurements.
    """
    if store == "float32":
        return stored
    codec = make_codec(store, stored.dim, pca)
    if store == "int8" and pca is not None:
        pca.write(directory / PCA_NAME)
    shape = (stored.n_rows, codec.width)
    whole = [WholeRows.none(stored.dim)]
    with new_array(directory / VECTORS_NAME, dtype=codec.dtype, shape=shape) as encoded:
        for rows, vectors in stored.blocks():
            block = codec.encode(vectors)
            encoded[rows] = block
            misfits = codec.misfits(vectors, block)
            whole.append(WholeRows(rows[misfits], vectors[misfits]))
    beside = {WHOLE_ROWS_NAME, ORIGINALS_NAME} if store == "int8" else {ORIGINALS_NAME}
    if store == "int8":
        WholeRows.joined(whole).write(directory)
    if not keep_originals:
        (directory / ORIGINALS_NAME).unlink()
        beside.remove(ORIGINALS_NAME)
    segment = VectorSegment.open(
        directory, n_vectors=stored.n_rows, dim=stored.dim, store=store, beside=beside
    )
    return StoredVectors([segment])
