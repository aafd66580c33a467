"""Embeddings of both modalities and their catalogue, opened together and compared."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import BoolArray, Float64Array
from galsearch.core.errors import NoEmbeddingsError, OutputExistsError, ShardError
from galsearch.core.fingerprint import require_same_encoder, short_digest
from galsearch.core.ids import find_rows
from galsearch.core.modality import Modality
from galsearch.embeddings.shard import read_positions
from galsearch.embeddings.shard_columns import position_columns, target_id_column
from galsearch.embeddings.store import EmbeddingStore, open_store
from galsearch.embeddings.store_record import SHARD_PATTERN, STORE_FILE
from galsearch.files.digest import require_digest
from galsearch.files.parquet_input import damage_named, open_parquet, require_columns

CATALOGUE_FILE = "catalogue.parquet"
"""Name of the file next to the embedding stores that holds the catalogue without pixels."""
_SAME_POSITION_DEG = 0.1 / 3600
"""Largest difference of two positions of one galaxy, one of which may be a float32."""


def open_stores(embeddings: Path) -> dict[Modality, EmbeddingStore]:
    """The embeddings in a directory by modality, after a check that they belong together.

    Raises
    ------
    NoEmbeddingsError
        Where the directory holds no embeddings.
    EncoderMismatchError
        Where the modalities were embedded by different encoders.
    ShardError
        Where the embeddings of the modalities have different numbers of dimensions or come from
        different datasets.
    """
    present = [kind for kind in Modality if (embeddings / kind).is_dir()]
    opened = {kind: open_store(embeddings, kind) for kind in present}
    stores = {kind: store for kind, store in opened.items() if len(store)}
    if not stores:
        raise NoEmbeddingsError(
            f"{embeddings}: holds no embeddings, neither of images nor of spectra.",
            embeddings=embeddings,
        )
    require_same_encoder(
        {f"{embeddings / kind}": store.fingerprint for kind, store in stores.items()}
    )
    dims = {kind: store.dim for kind, store in stores.items()}
    if len(set(dims.values())) > 1:
        found = " and ".join(f"{kind} embeddings of {dim} dimensions" for kind, dim in dims.items())
        raise ShardError(f"{embeddings}: holds {found}, although of one encoder.", dims=dims)
    _require_same_dataset(embeddings, opened)
    return stores


def require_embeddings_or_nothing(directory: Path, *, lock_name: str) -> None:
    """Check that a directory holds embeddings, complete or begun, or nothing at all.

    Parameters
    ----------
    directory
        The directory into which embeddings are about to be written.
    lock_name
        Name of the lock file in it, which is no content.

    Raises
    ------
    OutputExistsError
        Where it holds something else, such as an index, whose catalogue would be replaced.
    """
    own = {*Modality, CATALOGUE_FILE}
    names = {entry.name for entry in directory.iterdir()}
    foreign = sorted(name for name in names - own if not name.startswith((".", lock_name)))
    begun = any(
        path.name == STORE_FILE or path.match(SHARD_PATTERN)
        for kind in Modality
        for path in directory.glob(f"{kind}/*")
    )
    if foreign and not begun:
        raise OutputExistsError(
            f"{directory}: holds {', '.join(foreign[:3])} and no embeddings; nothing was changed."
        )


def _require_same_dataset(embeddings: Path, stores: Mapping[Modality, EmbeddingStore]) -> None:
    """Check that the stores record the same dataset, catalogue and number of galaxies."""
    records = [store.record for store in stores.values()]
    paths = " and ".join(f"{embeddings / kind / STORE_FILE}" for kind in stores)
    if len({record.dataset_digest for record in records}) > 1:
        digests = " and ".join(short_digest(record.dataset_digest) for record in records)
        raise ShardError(f"{paths}: record different datasets, of sha256 {digests}.")
    if len({record.catalogue_sha256 for record in records}) > 1:
        raise ShardError(f"{paths}: record different files {CATALOGUE_FILE}.")
    sizes = [record.n_rows + record.n_missing for record in records]
    # Records of other tools, which have no digests, need not count the galaxies without data.
    if records[0].catalogue_sha256 is not None and len(set(sizes)) > 1:
        found = " and ".join(f"{size:,}" for size in sizes)
        raise ShardError(f"{paths}: record datasets of {found} galaxies.")


def read_embedded_catalogue(
    embeddings: Path, stores: Mapping[Modality, EmbeddingStore]
) -> pa.Table:
    """The catalogue beside the embeddings with all its columns, after a check that it is theirs.

    The file must have the digest that `store.json` records. Every embedded galaxy must be in it,
    at the position that its shard states. A shard of which every position is (0, 0) states none,
    and so does a catalogue of which every position is NaN.

    Parameters
    ----------
    embeddings
        Directory of the embeddings.
    stores
        The stores in it, by modality.

    Raises
    ------
    NoEmbeddingsError
        Where there is no catalogue beside the embeddings.
    ShardError
        Where the catalogue is damaged, is not the one that was written with the embeddings, or
        contradicts the shards.
    """
    path = embeddings / CATALOGUE_FILE
    if not path.is_file():
        raise NoEmbeddingsError(
            f"{path}: the catalogue beside the embeddings is missing.", embeddings=embeddings
        )
    records = [store.record for store in stores.values()]
    recorded = {record.catalogue_sha256 for record in records} - {None}
    for sha256 in recorded:
        require_digest(path, str(sha256), ShardError, recorded_in=STORE_FILE)
    file = open_parquet(path, ShardError)
    require_columns(path, file.schema_arrow, ("target_id", "ra_deg", "dec_deg", "z"), ShardError)
    with damage_named(path, ShardError):
        table = file.read()
    n_galaxies = records[0].n_rows + records[0].n_missing if recorded else len(table)
    if len(table) != n_galaxies:
        raise ShardError(
            f"{path}: has {len(table):,} rows; {STORE_FILE} says {n_galaxies:,} galaxies."
        )
    _check_positions(path, table, stores)
    return table


def _check_positions(
    path: Path, table: pa.Table, stores: Mapping[Modality, EmbeddingStore]
) -> None:
    """Check that every embedded galaxy is in the catalogue, at the position in its shard."""
    place = str(path)
    with damage_named(path, ShardError):
        ids = target_id_column(table, place, ShardError)
        ra_deg, dec_deg = position_columns(table, place, ShardError, may_lack=True)
    order = np.argsort(ids, kind="stable")
    ids, ra_deg, dec_deg = ids[order], ra_deg[order], dec_deg[order]
    for kind, store in stores.items() if len(ids) else ():
        absent: list[int] = []
        for name in store.record.shards:
            shard = store.directory / name
            wanted, shard_ra, shard_dec = read_positions(shard)
            rows = find_rows(ids, wanted)
            absent += wanted[rows < 0].tolist()
            apart = _apart(shard_ra, ra_deg[rows]) | _apart(shard_dec, dec_deg[rows])
            apart &= (rows >= 0) & bool(shard_ra.any() or shard_dec.any())
            if apart.any():
                row = int(np.argmax(apart))
                raise ShardError(
                    f"{path}: TARGETID {wanted[row]} is at ({ra_deg[rows[row]]:.6g}, "
                    f"{dec_deg[rows[row]]:.6g}) degrees; {shard} says ({shard_ra[row]:.6g}, "
                    f"{shard_dec[row]:.6g}).",
                    target_id=int(wanted[row]),
                )
        if absent:
            raise ShardError(
                f"{path}: lacks {len(absent):,} of {len(store):,} galaxies with {kind} vectors, "
                f"first TARGETID {absent[0]}.",
                target_id=absent[0],
            )


def _apart(first_deg: Float64Array, second_deg: Float64Array) -> BoolArray:
    """(n,) True where two coordinates differ, around the circle of 360 degrees."""
    difference = np.abs(first_deg - second_deg) % 360
    return np.asarray(~(np.minimum(difference, 360 - difference) <= _SAME_POSITION_DEG))
