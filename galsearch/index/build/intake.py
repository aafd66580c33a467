"""From embedding shards and their catalogue to the arrays of a build, one shard at a time."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds, Vectors
from galsearch.core.errors import EncoderMismatchError, ShardError
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.core.vectors import unit_rows
from galsearch.embeddings import EmbeddingStore, open_store
from galsearch.embeddings.embed import CATALOGUE_FILE
from galsearch.index.vectors.array_files import (
    CATALOGUE_DTYPE,
    CATALOGUE_RECORDS_NAME,
    IDS_NAME,
    PCA_NAME,
    VECTORS_NAME,
)
from galsearch.index.vectors.codec import make_codec
from galsearch.index.vectors.pca import PrincipalAxes
from galsearch.index.vectors.stored_vectors import StoredVectors, VectorSegment

ORIGINALS_NAME = "vectors-float32.npy"


def open_stores(embeddings: Path) -> dict[Modality, EmbeddingStore]:
    """The stores of the modalities that `embeddings` holds vectors of, of one encoder.

    Raises
    ------
    ShardError
        Where there is none.
    EncoderMismatchError
        Where they come from different encoders.
    """
    present = [kind for kind in Modality if (embeddings / kind).is_dir()]
    stores = {kind: open_store(embeddings, kind) for kind in present}
    stores = {kind: store for kind, store in stores.items() if len(store)}
    if not stores:
        raise ShardError(
            f"{embeddings}: no embeddings, neither of images nor of spectra. Make them with "
            "galsearch embed DATASET OUT."
        )
    found = {kind: store.fingerprint for kind, store in stores.items()}
    if len(set(found.values())) > 1:
        raise EncoderMismatchError(
            f"{embeddings}: "
            + " and ".join(f"{kind} vectors of encoder {f[:16]}" for kind, f in found.items())
            + ". Similarities between different encoders have no meaning; embed both with one "
            "encoder."
        )
    dims = {kind: store.dim for kind, store in stores.items()}
    if len(set(dims.values())) > 1:
        raise ShardError(
            f"{embeddings}: "
            + " and ".join(f"{kind} vectors of {dim} components" for kind, dim in dims.items())
            + ", although of one encoder. Embed both again."
        )
    return stores


def store_vectors(
    store: EmbeddingStore, directory: Path, *, progress: Callable[[int, int], None]
) -> StoredVectors:
    """`ids.npy` and `vectors.npy` of a store in `directory`; see `write_vectors`.

    Every shard is read once for its ids and once for its vectors, so memory holds all ids but
    the vectors of one shard only.
    """
    return write_vectors(
        list(store.iter_ids()),
        store.iter_vectors(),
        directory,
        dim=store.dim,
        source=store.directory,
        progress=progress,
    )


def write_vectors(
    parts: Sequence[TargetIds],
    blocks: Iterable[tuple[TargetIds, Vectors]],
    directory: Path,
    *,
    dim: int,
    source: Path,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> StoredVectors:
    """`ids.npy` and `vectors.npy` in `directory`, ascending by TARGETID, of unit length.

    Parameters
    ----------
    parts
        All TARGETIDs.
    blocks
        TARGETIDs and vectors, some at a time, in any order.
    source
        Where they are from, for messages.

    Raises
    ------
    ShardError
        Where an id comes twice, or there are more or fewer vectors than ids.
    """
    directory.mkdir(parents=True)
    ids = np.sort(np.concatenate(parts))
    twice = ids[1:][ids[1:] == ids[:-1]]
    if len(twice):
        raise ShardError(
            f"{source}: {len(twice):,} TARGETIDs come twice, first {twice[0]}. "
            "Remove the shard that should not be there."
        )
    np.save(directory / IDS_NAME, ids)
    vectors = np.lib.format.open_memmap(
        directory / VECTORS_NAME, mode="w+", dtype=np.float32, shape=(len(ids), dim)
    )
    done = 0
    for some_ids, some_vectors in blocks:
        vectors[find_rows(ids, some_ids)] = unit_rows(some_vectors)
        done += len(some_ids)
        progress(done, len(ids))
    if done != len(ids):
        raise ShardError(f"{source}: {len(ids):,} ids and {done:,} vectors.")
    del vectors
    return StoredVectors([VectorSegment.open(directory, n_vectors=len(ids), dim=dim)])


def reduce_vectors(
    stored: StoredVectors, directory: Path, store: str, pca: PrincipalAxes | None
) -> StoredVectors:
    """What `vectors.npy` in `directory` becomes where a component is stored in fewer bytes.

    The vectors in single precision stay beside it in `ORIGINALS_NAME` until `drop_originals`.
    """
    if store == "float32":
        return stored
    codec = make_codec(store, stored.dim, pca)
    if store == "int8" and pca is not None:
        pca.write(directory / PCA_NAME)
    path = directory / VECTORS_NAME
    path.rename(directory / ORIGINALS_NAME)
    reduced = np.lib.format.open_memmap(
        path, mode="w+", dtype=codec.dtype, shape=(stored.n_rows, codec.width)
    )
    for rows, vectors in stored.blocks():
        reduced[rows] = codec.encode(vectors)
    del reduced
    segment = VectorSegment.open(directory, n_vectors=stored.n_rows, dim=stored.dim, store=store)
    return StoredVectors([segment])


def drop_originals(directory: Path) -> None:
    """Remove what `reduce_vectors` left, if anything."""
    (directory / ORIGINALS_NAME).unlink(missing_ok=True)


def read_catalogue(embeddings: Path) -> pa.Table:
    """Every catalogue column of the embedded galaxies.

    Raises
    ------
    ShardError
        Where there is no catalogue, or it lacks a column.
    """
    path = embeddings / CATALOGUE_FILE
    if not path.is_file():
        raise ShardError(
            f"{path}: no such file; galsearch embed writes it beside the shards. Run it again."
        )
    table = pq.read_table(path)
    missing = [name for name in CATALOGUE_DTYPE.names or () if name not in table.column_names]
    if missing:
        raise ShardError(f"{path}: no column {', '.join(missing)}.")
    return table


def write_catalogue(
    table: pa.Table, directory: Path, embedded: dict[Modality, TargetIds], source: Path
) -> int:
    """`catalogue.parquet`, its places as `catalogue.npy`, its `ids.npy`; how many there are.

    Raises
    ------
    ShardError
        Where an id comes twice, or an embedded galaxy is not in the table.
    """
    path = source / CATALOGUE_FILE
    table = table.sort_by("target_id")
    places = np.zeros(len(table), CATALOGUE_DTYPE)
    for name in CATALOGUE_DTYPE.names or ():
        places[name] = _column(table[name], name)
    ids = np.ascontiguousarray(places["target_id"])
    if (ids[1:] == ids[:-1]).any():
        raise ShardError(f"{path}: TARGETID {ids[1:][ids[1:] == ids[:-1]][0]} comes twice.")
    for kind, wanted in embedded.items():
        absent = wanted[find_rows(ids, wanted) < 0]
        if len(absent):
            raise ShardError(
                f"{path}: lacks {len(absent):,} of {len(wanted):,} galaxies with {kind} "
                f"vectors, first TARGETID {absent[0]}. Run galsearch embed again."
            )
    pq.write_table(table, directory / CATALOGUE_FILE)
    np.save(directory / CATALOGUE_RECORDS_NAME, places)
    np.save(directory / IDS_NAME, ids)
    return len(places)


def _column(column: object, name: str) -> npt.NDArray[np.generic]:
    """A column as NumPy: an unknown redshift is NaN, an unknown id or place is an error there."""
    if name == "z":
        column = pc.fill_null(column, float("nan"))
    return np.asarray(column)
