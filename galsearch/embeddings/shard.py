"""Embedding shards: Parquet files, each with the embeddings of one dataset partition.

A shard holds one modality, and its Parquet metadata names the encoder that made it. Its rows are
sorted by TARGETID.
"""

from dataclasses import dataclass
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
from galsearch.core.vectors import off_unit
from galsearch.files.atomic import new_file

_PREFIX = b"galsearch."
_DEFAULTS = {"precision": b"fp32"}
"""Default values of metadata entries that shards of the first version lack."""


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

    def __post_init__(self) -> None:
        arrays: dict[str, npt.NDArray[Any]] = {
            "target_ids": as_target_ids(self.target_ids),
            "ra_deg": np.array(self.ra_deg, np.float64),
            "dec_deg": np.array(self.dec_deg, np.float64),
            "embeddings": np.array(self.embeddings, np.float32),
        }
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
        )


def write_shard(path: str | Path, shard: EmbeddingShard) -> None:
    """Write a shard as Parquet, atomically; an existing file of that name is replaced.

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
    table = pa.table(
        [shard.target_ids, shard.ra_deg, shard.dec_deg, vectors],
        schema=pa.schema(
            [
                pa.field("target_id", pa.int64(), nullable=False),
                pa.field("ra_deg", pa.float64(), nullable=False),
                pa.field("dec_deg", pa.float64(), nullable=False),
                pa.field("embedding", _vector_type(header.dim), nullable=False),
            ],
            metadata={_PREFIX + k.encode(): str(v).encode() for k, v in vars(header).items()},
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
    try:
        file = pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise ShardError(f"{path}: cannot be read as Parquet ({error}).") from None
    metadata = file.metadata or {}
    texts = {
        name: metadata.get(_PREFIX + name.encode(), _DEFAULTS.get(name, b"")).decode()
        for name in ShardHeader.__dataclass_fields__
    }
    missing = [name for name, text in texts.items() if not text]
    if missing:
        raise ShardError(
            f"{path}: not an embedding shard: its metadata lacks galsearch.{missing[0]}."
        )
    try:
        fingerprint = Fingerprint(texts["fingerprint"])
    except InvalidFingerprintError as error:
        raise ShardError(f"{path}: {error}") from None
    header = ShardHeader(
        modality=Modality(texts["modality"]),
        fingerprint=fingerprint,
        dim=int(texts["dim"]),
        n_rows=int(texts["n_rows"]),
        partition=texts["partition"],
        digest=texts["digest"],
        precision=texts["precision"],
    )
    if file.num_rows != header.n_rows:
        raise ShardError(f"{path}: holds {file.num_rows} rows, its header states {header.n_rows}.")
    return header


def read_shard(path: str | Path) -> EmbeddingShard:
    """The shard in a Parquet file, after a check of its TARGETIDs and vectors.

    Parameters
    ----------
    path
        Parquet file of the shard.

    Raises
    ------
    ShardError
        Where the file is missing, damaged or not a shard, or the shard in it is invalid.
    """
    header = read_header(path)
    table = _read(path, ["target_id", "ra_deg", "dec_deg", "embedding"])
    flat = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    try:
        return EmbeddingShard(
            target_ids=table["target_id"].to_numpy(),
            ra_deg=table["ra_deg"].to_numpy(),
            dec_deg=table["dec_deg"].to_numpy(),
            embeddings=flat.reshape(-1, header.dim),
            modality=header.modality,
            fingerprint=header.fingerprint,
            partition=header.partition,
            digest=header.digest,
            precision=header.precision,
        )
    except ShardError as error:
        raise ShardError(f"{path}: {error}") from None


def read_ids(path: str | Path) -> TargetIds:
    """(n,) TARGETIDs of a shard, read without its vectors."""
    return np.asarray(_read(path, ["target_id"])["target_id"].to_numpy())


def _read(path: str | Path, columns: list[str]) -> pa.Table:
    try:
        return pq.ParquetFile(path, page_checksum_verification=True).read(columns=columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise ShardError(f"{path}: is damaged ({error}).") from None


def _vector_type(dim: int) -> pa.DataType:
    return pa.list_(pa.field("element", pa.float32(), nullable=False), dim)
