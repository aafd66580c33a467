"""Embedding shards: Parquet files, each with the embeddings of one dataset partition.

A shard holds one modality, and its Parquet metadata names the encoder that made it. Its rows are
sorted by TARGETID.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Float64Array, TargetIds, Vectors
from galsearch.core.errors import InvalidFingerprintError, ShardError
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.core.target_id import as_target_ids
from galsearch.core.vectors import QualityBits, off_unit
from galsearch.embeddings.shard_columns import (
    position_columns,
    quality_column,
    target_id_column,
    vector_column,
)
from galsearch.files.atomic import new_file
from galsearch.files.digest import require_digest, sha256_of_file
from galsearch.files.parquet_input import damage_named, open_parquet, require_columns

_PREFIX = b"galsearch."
CPU = "cpu"
"""Name of the device of shards that state none."""
_DEFAULTS = {"precision": b"fp32", "device": CPU.encode()}
"""Default values of metadata entries that shards may lack. Those of the first version have no
precision; a device is stated only where it is a GPU."""


@dataclass(frozen=True)
class ShardHeader:
    """Origin and size of a shard, as stored in its Parquet metadata."""

    modality: Modality
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the vectors."""
    dim: int
    """Number of dimensions of a vector."""
    n_rows: int
    partition: str
    """Name of the dataset partition, such as 'Norder=0/Npix=4'."""
    digest: str
    """SHA-256 of the file of the dataset partition."""
    precision: str = "fp32"
    """Number format of the encoder's matrix products, such as 'fp32'."""
    device: str = field(default=CPU, compare=False)
    """Name of the device that computed the vectors, such as 'cuda (NVIDIA H100 80GB HBM3)'. Two
    devices give the same vectors up to rounding, so it does not count in a comparison."""


@dataclass(frozen=True, eq=False)
class EmbeddingShard:
    """Embeddings of some galaxies, sorted by TARGETID, in read-only copies of the arrays.

    Raises
    ------
    ShardError
        Where lengths differ, TARGETIDs do not ascend, or the length of a vector differs from 1 by
        more than 1e-5.
    """

    target_ids: TargetIds
    """(n,) TARGETIDs of the galaxies in strictly ascending order."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    """(n,) ICRS position (`ra_deg`, `dec_deg`) of each galaxy."""
    embeddings: Vectors
    """(n, d) unit vectors, one for each galaxy."""
    modality: Modality
    fingerprint: Fingerprint
    """Fingerprint of the encoder that made the vectors."""
    partition: str
    """Name of the dataset partition, such as 'Norder=0/Npix=4'."""
    digest: str
    """SHA-256 of the file of the dataset partition."""
    precision: str = "fp32"
    """Number format of the encoder's matrix products, such as 'fp32'."""
    quality: QualityBits | None = None
    """(n,) bits of `InputQuality`, reasons to trust a vector less; None where nothing is known, as
    in shards of earlier versions or of other encoders."""
    device: str = CPU
    """Name of the device that computed the vectors, such as 'cuda (NVIDIA H100 80GB HBM3)'."""

    def __post_init__(self) -> None:
        arrays: dict[str, npt.NDArray[Any]] = {
            "target_ids": as_target_ids(self.target_ids),
            "ra_deg": np.array(self.ra_deg, np.float64),
            "dec_deg": np.array(self.dec_deg, np.float64),
            "embeddings": np.array(self.embeddings, np.float32),
        }
        if self.quality is not None:
            arrays["quality"] = np.array(self.quality, np.uint16)
        ids, vectors = arrays["target_ids"], arrays["embeddings"]
        if vectors.ndim != 2 or {len(array) for array in arrays.values()} != {ids.size}:
            found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
            raise ShardError(
                "each row of a shard has an id, a position and a (d,) vector; found arrays "
                f"{found}."
            )
        if np.any(np.diff(ids) <= 0):
            row = int(np.argmax(np.diff(ids) <= 0)) + 1
            raise ShardError(
                f"the TARGETIDs of a shard must ascend, each once; {ids[row]} follows "
                f"{ids[row - 1]}."
            )
        bad = off_unit(vectors)
        if bad.any():
            row = int(np.argmax(bad))
            raise ShardError(
                f"{int(bad.sum())} of {ids.size} {self.modality} embeddings are not of unit "
                f"length, first TARGETID {ids[row]} with |v| = {np.linalg.norm(vectors[row]):.6g}."
            )
        for name, array in arrays.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return int(self.target_ids.size)

    @property
    def header(self) -> ShardHeader:
        """The header (origin and size) that is stored with the shard."""
        return ShardHeader(
            modality=self.modality,
            fingerprint=self.fingerprint,
            dim=int(self.embeddings.shape[1]),
            n_rows=len(self),
            partition=self.partition,
            digest=self.digest,
            precision=self.precision,
            device=self.device,
        )


def write_shard(path: str | Path, shard: EmbeddingShard) -> str:
    """Write a shard as Parquet, atomically, and return the SHA-256 digest of the file.

    An existing file of that name is replaced.

    Parameters
    ----------
    path
        Parquet file to be written.
    shard
        Embeddings and their origin.
    """
    header = shard.header
    flat = pa.array(shard.embeddings.reshape(-1))
    vectors = pa.FixedSizeListArray.from_arrays(flat, type=_vector_type(header.dim))
    columns = {
        "target_id": (pa.int64(), shard.target_ids),
        "ra_deg": (pa.float64(), shard.ra_deg),
        "dec_deg": (pa.float64(), shard.dec_deg),
        "embedding": (_vector_type(header.dim), vectors),
    }
    if shard.quality is not None:
        columns["quality"] = (pa.uint16(), shard.quality)
    table = pa.table(
        [values for _, values in columns.values()],
        schema=pa.schema(
            [pa.field(name, kind, nullable=False) for name, (kind, _) in columns.items()],
            metadata={
                _PREFIX + name.encode(): str(value).encode()
                for name, value in vars(header).items()
                if (name, value) != ("device", CPU)
            },
        ),
    )
    with new_file(Path(path)) as temporary:
        pq.write_table(
            table,
            temporary,
            compression="none",
            use_dictionary=False,
            write_statistics=["target_id"],
            write_page_checksum=True,
        )
        return sha256_of_file(temporary)


def read_header(path: str | Path) -> ShardHeader:
    """The header (origin and size) of a shard file, read without its vectors.

    Parameters
    ----------
    path
        Parquet file of the shard.

    Raises
    ------
    ShardError
        Where the file is missing, damaged or not a shard, or its number of rows differs from its
        header.
    """
    file = open_parquet(path, ShardError)
    with damage_named(path, ShardError):
        n_rows, metadata = file.metadata.num_rows, file.metadata.metadata or {}
    raw = {
        name: metadata.get(_PREFIX + name.encode(), _DEFAULTS.get(name, b""))
        for name in ShardHeader.__dataclass_fields__
    }
    missing = [name for name, value in raw.items() if not value]
    if missing:
        raise ShardError(
            f"{path}: not an embedding shard: its metadata lacks galsearch.{missing[0]}."
        )
    try:
        texts = {name: value.decode() for name, value in raw.items()}
        header = ShardHeader(
            modality=Modality(texts["modality"]),
            fingerprint=Fingerprint(texts["fingerprint"]),
            dim=int(texts["dim"]),
            n_rows=int(texts["n_rows"]),
            partition=texts["partition"],
            digest=texts["digest"],
            precision=texts["precision"],
            device=texts["device"],
        )
    except InvalidFingerprintError as error:
        raise ShardError(f"{path}: {error}") from None
    except ValueError as error:
        raise ShardError(f"{path}: its metadata cannot be read ({error}).") from None
    if header.dim < 1:
        raise ShardError(f"{path}: its metadata states vectors of {header.dim} dimensions.")
    if n_rows != header.n_rows:
        raise ShardError(f"{path}: holds {n_rows} rows, its header states {header.n_rows}.")
    return header


def read_shard(path: str | Path, *, sha256: str | None = None) -> EmbeddingShard:
    """The shard in a Parquet file, after a check of its TARGETIDs and vectors.

    Parameters
    ----------
    path
        Parquet file of the shard.
    sha256
        SHA-256 digest that the file must have; None where none is recorded.

    Raises
    ------
    ShardError
        Where the file is missing, damaged, not a shard or not the one of that digest, or the shard
        in it is invalid.
    """
    if sha256 is not None:
        require_digest(Path(path), sha256, ShardError, recorded_in="store.json")
    header = read_header(path)
    table = _read(path, ("target_id", "ra_deg", "dec_deg", "embedding"), optional=("quality",))
    place = str(path)
    with damage_named(path, ShardError):
        ids, ra_deg, dec_deg = _positions(table, place)
        vectors = vector_column(table, header.dim, place, ShardError)
        quality = quality_column(table, place, ShardError)
    try:
        return EmbeddingShard(
            target_ids=ids,
            ra_deg=ra_deg,
            dec_deg=dec_deg,
            embeddings=vectors,
            modality=header.modality,
            fingerprint=header.fingerprint,
            partition=header.partition,
            digest=header.digest,
            precision=header.precision,
            quality=quality,
            device=header.device,
        )
    except ShardError as error:
        raise ShardError(f"{path}: {error}") from None


def read_ids(path: str | Path) -> TargetIds:
    """(n,) TARGETIDs of a shard, read without its vectors."""
    with damage_named(path, ShardError):
        return target_id_column(_read(path, ("target_id",)), str(path), ShardError)


def read_quality(path: str | Path) -> tuple[TargetIds, QualityBits | None]:
    """(n,) TARGETIDs and bits of `InputQuality` of a shard; None where it has no such column."""
    table = _read(path, ("target_id",), optional=("quality",))
    with damage_named(path, ShardError):
        ids = target_id_column(table, str(path), ShardError)
        return ids, quality_column(table, str(path), ShardError)


def read_positions(path: str | Path) -> tuple[TargetIds, Float64Array, Float64Array]:
    """(n,) TARGETIDs, right ascensions and declinations in degrees of a shard."""
    with damage_named(path, ShardError):
        return _positions(_read(path, ("target_id", "ra_deg", "dec_deg")), str(path))


def _positions(table: pa.Table, place: str) -> tuple[TargetIds, Float64Array, Float64Array]:
    ids = target_id_column(table, place, ShardError)
    return ids, *position_columns(table, place, ShardError)


def _read(
    path: str | Path, columns: tuple[str, ...], *, optional: tuple[str, ...] = ()
) -> pa.Table:
    file = open_parquet(path, ShardError)
    require_columns(path, file.schema_arrow, columns, ShardError)
    there = [name for name in optional if name in file.schema_arrow.names]
    with damage_named(path, ShardError):
        return file.read(columns=[*columns, *there])


def _vector_type(dim: int) -> pa.DataType:
    return pa.list_(pa.field("element", pa.float32(), nullable=False), dim)
