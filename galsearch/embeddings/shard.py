"""One Parquet file of embeddings: what one partition of a dataset became in one modality."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import ShardError
from galsearch.core.modality import Modality
from galsearch.core.target_id import as_target_ids
from galsearch.core.vectors import off_unit
from galsearch.files.atomic import new_file

_PREFIX = b"galsearch."
_DEFAULTS = {"precision": b"fp32"}
"""Of entries that shards of the first version lack."""


@dataclass(frozen=True)
class ShardHeader:
    """What a shard says of itself, in its Parquet metadata."""

    modality: Modality
    fingerprint: str
    """Of the encoder that made the vectors."""
    dim: int
    n_rows: int
    partition: str
    """Of the dataset, such as 'Norder=0/Npix=4'."""
    digest: str
    """SHA-256 of that partition's file."""
    precision: str = "fp32"
    """Of the encoder's arithmetic."""


@dataclass(frozen=True, eq=False)
class EmbeddingShard:
    """Unit vectors of some galaxies, by ascending TARGETID. Arrays are read-only copies.

    Raises
    ------
    ShardError
        Where lengths differ, ids do not ascend, or a vector is not of unit length within 1e-5.
    """

    target_ids: npt.NDArray[np.int64]
    """(n,) ascending, each once."""
    ra_deg: npt.NDArray[np.float64]
    dec_deg: npt.NDArray[np.float64]
    """(n,) ICRS."""
    embeddings: npt.NDArray[np.float32]
    """(n, d) unit rows."""
    modality: Modality
    fingerprint: str
    partition: str
    digest: str
    precision: str = "fp32"

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
            raise ShardError(f"a shard has one id, position and (d,) vector a row, found {found}.")
        if np.any(np.diff(ids) <= 0):
            row = int(np.argmax(np.diff(ids) <= 0)) + 1
            raise ShardError(
                f"TARGETIDs of a shard ascend, each once; {ids[row]} follows {ids[row - 1]}."
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
        """What the shard's file says of it."""
        return ShardHeader(
            self.modality,
            self.fingerprint,
            int(self.embeddings.shape[1]),
            len(self),
            self.partition,
            self.digest,
            self.precision,
        )


def write_shard(path: str | Path, shard: EmbeddingShard) -> None:
    """Write a shard as Parquet, whole or not at all; an older file of that name is replaced."""
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
    """What a shard says of itself; its vectors are not read.

    Raises
    ------
    ShardError
        Where the file is missing, damaged or no shard, or its row count differs from its header.
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
        raise ShardError(f"{path}: not an embedding shard: lacks galsearch.{missing[0]}.")
    header = ShardHeader(
        Modality(texts["modality"]),
        texts["fingerprint"],
        int(texts["dim"]),
        int(texts["n_rows"]),
        texts["partition"],
        texts["digest"],
        texts["precision"],
    )
    if file.num_rows != header.n_rows:
        raise ShardError(f"{path}: holds {file.num_rows} rows, its header says {header.n_rows}.")
    return header


def read_shard(path: str | Path) -> EmbeddingShard:
    """The shard in a Parquet file, checked like a new one.

    Raises
    ------
    ShardError
        Where the file is missing, damaged or no shard, or breaks a shard's promises.
    """
    header = read_header(path)
    table = _read(path, ["target_id", "ra_deg", "dec_deg", "embedding"])
    flat = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    try:
        return EmbeddingShard(
            table["target_id"].to_numpy(),
            table["ra_deg"].to_numpy(),
            table["dec_deg"].to_numpy(),
            flat.reshape(-1, header.dim),
            header.modality,
            header.fingerprint,
            header.partition,
            header.digest,
            header.precision,
        )
    except ShardError as error:
        raise ShardError(f"{path}: {error} Embed again.") from None


def read_ids(path: str | Path) -> npt.NDArray[np.int64]:
    """(n,) TARGETIDs of a shard; its vectors are not read."""
    return np.asarray(_read(path, ["target_id"])["target_id"].to_numpy())


def _read(path: str | Path, columns: list[str]) -> pa.Table:
    try:
        return pq.ParquetFile(path, page_checksum_verification=True).read(columns=columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise ShardError(f"{path}: is damaged ({error}). Embed again.") from None


def _vector_type(dim: int) -> pa.DataType:
    return pa.list_(pa.field("element", pa.float32(), nullable=False), dim)
