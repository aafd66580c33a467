"""Writing of imported embeddings as shards, one for each HEALPix pixel."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import Rows
from galsearch.core.fingerprint import Fingerprint
from galsearch.core.ids import find_rows_unsorted
from galsearch.core.modality import Modality
from galsearch.core.progress import StageProgress
from galsearch.dataset import schema
from galsearch.dataset.healpix import adaptive_pixels
from galsearch.embeddings.imported.read_rows import TableRows
from galsearch.embeddings.shard import EmbeddingShard, write_shard
from galsearch.embeddings.store_record import shard_name

_SHARD_BYTES = 1 << 25
"""Largest size of the vectors of a shard, which are in memory when an index is built."""


@dataclass(frozen=True, eq=False)
class ShardPlan:
    """The division of a catalogue into shards."""

    names: tuple[str, ...]
    """File name of each shard."""
    partitions: tuple[str, ...]
    """Name of the partition of each shard, such as 'Norder=0/Npix=4'."""
    rows: tuple[Rows, ...]
    """Rows of the catalogue of each shard, in order of TARGETID."""


def plan_shards(catalogue: pa.Table, dim: int) -> ShardPlan:
    """The division of a catalogue into HEALPix pixels, or by TARGETID where it has no positions.

    Parameters
    ----------
    catalogue
        Catalogue in order of TARGETID.
    dim
        Number of dimensions of an embedding.
    """
    max_rows = max(_SHARD_BYTES // (4 * dim), 1)
    if schema.HEALPIX_COLUMN not in catalogue.column_names:
        starts = range(0, len(catalogue), max_rows)
        return ShardPlan(
            names=tuple(f"part-{number:05d}.parquet" for number in range(len(starts))),
            partitions=tuple(f"rows {start}" for start in starts),
            rows=tuple(np.arange(s, min(s + max_rows, len(catalogue))) for s in starts),
        )
    pixels = adaptive_pixels(catalogue[schema.HEALPIX_COLUMN].to_numpy(), max_rows=max_rows)
    return ShardPlan(
        names=tuple(shard_name(p.order, p.pixel) for p in pixels),
        partitions=tuple(f"Norder={p.order}/Npix={p.pixel}" for p in pixels),
        rows=tuple(np.sort(p.rows) for p in pixels),
    )


def write_shards(
    folder: Path,
    plan: ShardPlan,
    catalogue: pa.Table,
    table: TableRows,
    *,
    modality: Modality,
    fingerprint: Fingerprint,
    digest: str,
    progress: StageProgress,
) -> tuple[dict[str, int], dict[str, str]]:
    """Write the shards of one modality; return the number of rows and the digest of each.

    Parameters
    ----------
    folder
        Directory of the store.
    plan
        Division of the catalogue into shards.
    catalogue
        Catalogue of all galaxies.
    table
        Usable rows of the tables of the modality.
    modality
        Modality of the embeddings.
    fingerprint
        Fingerprint of the encoder.
    digest
        SHA-256 digest that stands for the tables.
    progress
        Receives the number of finished shards.
    """
    ids = catalogue[schema.TARGET_ID].to_numpy()
    ra_deg, dec_deg = (
        np.nan_to_num(catalogue[name].to_numpy()) for name in (schema.RA, schema.DEC)
    )
    row_in_table = find_rows_unsorted(table.target_ids, ids)
    sizes, digests = {}, {}
    for number, (name, partition, rows) in enumerate(
        zip(plan.names, plan.partitions, plan.rows, strict=True)
    ):
        own = rows[row_in_table[rows] >= 0]
        if len(own):
            shard = EmbeddingShard(
                target_ids=ids[own],
                ra_deg=ra_deg[own],
                dec_deg=dec_deg[own],
                embeddings=table.vectors(row_in_table[own]),
                modality=modality,
                fingerprint=fingerprint,
                partition=partition,
                digest=digest,
            )
            sizes[name], digests[name] = len(own), write_shard(folder / name, shard)
        progress(number + 1, len(plan.names))
    return sizes, digests
