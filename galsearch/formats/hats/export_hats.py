"""Export of embeddings as a HATS collection: the catalogue, and an extension for each modality.

The collection is a directory of HATS catalogues: `galaxies` has the columns of the catalogue, and
`image_embeddings` and `spectrum_embeddings` the vectors, which LSDB joins to the galaxies on
request. Each of them is a catalogue by itself, with positions.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.errors import ShardError
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, StageProgress, no_progress, stage_progress
from galsearch.dataset import schema
from galsearch.dataset.hats_files import write_property_file
from galsearch.dataset.healpix import PixelRows, adaptive_pixels, healpix_29
from galsearch.dataset.writer import CatalogueWriter
from galsearch.embeddings.open_embeddings import open_stores, read_embedded_catalogue
from galsearch.embeddings.store import EmbeddingStore
from galsearch.files.atomic import write_json
from galsearch.files.staged.directories import new_directory
from galsearch.index.storage.origin_manifest import origin_of

PRIMARY = "galaxies"
"""Name of the catalogue without vectors in a collection."""
ORIGIN_FILE = "provenance.json"
"""Name of the file of a collection that says what its embeddings were made from."""
_MAX_ROWS = 200_000
"""Largest number of rows of a partition of the catalogue."""
_VECTOR_BYTES = 1 << 25
"""Largest size of the vectors of a partition, which are in memory at a time."""
_ROW_GROUP_ROWS = 10_000


@dataclass(frozen=True)
class HatsReport:
    """Numbers of galaxies and vectors in an exported collection."""

    n_galaxies: int
    n_embeddings: dict[Modality, int]
    n_partitions: int
    """Number of partitions of all catalogues of the collection."""

    def __str__(self) -> str:
        parts = [f"{n:,} {kind} embeddings" for kind, n in self.n_embeddings.items()]
        return (
            f"{self.n_galaxies:,} galaxies, {' and '.join(parts)} in {self.n_partitions:,} "
            "partitions of a HATS collection"
        )


def export_hats(
    embeddings: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    progress: Progress | None = None,
) -> HatsReport:
    """Write embeddings and their catalogue as a HATS collection that LSDB opens.

    `lsdb.open_catalog(out)` gives the galaxies, `load_extension("image_embeddings")` of them joins
    the vectors by TARGETID, and `lsdb.open_catalog(out / "image_embeddings")` gives the vectors
    alone. Memory holds the catalogue and the vectors of one partition.

    Parameters
    ----------
    embeddings
        Directory of embeddings.
    out
        Directory of the collection, which is made.
    name
        Name of the collection; by default that of the directory.
    progress
        Function that is called with stage, done and total.

    Raises
    ------
    NoEmbeddingsError
        Where there are no embeddings.
    ShardError
        Where the embeddings are damaged, or galaxies have no positions.
    OutputExistsError
        Where something is in `out` already.
    """
    embeddings, out = Path(embeddings), Path(out)
    stores = open_stores(embeddings)
    catalogue = read_embedded_catalogue(embeddings, stores).sort_by(schema.TARGET_ID)
    positions = [catalogue[key].to_numpy() for key in (schema.RA, schema.DEC)]
    # A catalogue has all positions or none, which is checked when it is read.
    if len(catalogue) and np.isnan(positions).any():
        raise ShardError(
            f"{embeddings}: its galaxies have no positions, by which HATS divides a catalogue."
        )
    healpix = pa.array(healpix_29(*positions))
    if schema.HEALPIX_COLUMN in catalogue.column_names:
        catalogue = catalogue.drop_columns(schema.HEALPIX_COLUMN)
    catalogue = catalogue.add_column(0, schema.HEALPIX_COLUMN, healpix)
    collection = name or out.resolve().name
    report = progress or no_progress
    with new_directory(out) as directory:
        n_partitions = _write_galaxies(directory, catalogue, stage_progress(report, "galaxies"))
        for kind, store in stores.items():
            stage = stage_progress(report, f"{kind} embeddings")
            n_partitions += _write_vectors(directory, catalogue, store, collection, stage)
        _write_collection(directory, collection, stores)
        records = {kind: store.record for kind, store in stores.items()}
        origin = dataclasses.asdict(origin_of(embeddings, records, len(catalogue)))
        write_json(directory / ORIGIN_FILE, origin, indent=1)
    return HatsReport(
        n_galaxies=len(catalogue),
        n_embeddings={kind: len(store) for kind, store in stores.items()},
        n_partitions=n_partitions,
    )


def extension_name(modality: Modality) -> str:
    """Name of the catalogue of the vectors of a modality in a collection.

    Examples
    --------
    >>> extension_name(Modality.IMAGE)
    'image_embeddings'
    """
    return f"{modality}_embeddings"


def _write_galaxies(directory: Path, catalogue: pa.Table, progress: StageProgress) -> int:
    """Write the catalogue without vectors, and return its number of partitions."""
    pixels = adaptive_pixels(catalogue[schema.HEALPIX_COLUMN].to_numpy(), max_rows=_MAX_ROWS)
    writer = CatalogueWriter(
        directory / PRIMARY, catalogue.schema.remove_metadata(), row_group_rows=_ROW_GROUP_ROWS
    )
    for number, pixel in enumerate(pixels):
        rows = catalogue.take(pa.array(pixel.rows)).replace_schema_metadata()
        writer.write_partition(pixel.order, pixel.pixel, rows)
        progress(number + 1, len(pixels))
    writer.finish(name=PRIMARY, max_rows=_MAX_ROWS)
    return len(pixels)


def _write_vectors(
    directory: Path,
    catalogue: pa.Table,
    store: EmbeddingStore,
    collection: str,
    progress: StageProgress,
) -> int:
    """Write the vectors of one modality, and return the number of partitions."""
    embedded = np.isin(
        catalogue[schema.TARGET_ID].to_numpy(),
        np.concatenate([np.zeros(0, np.int64), *store.iter_ids()]),
    )
    names = [schema.HEALPIX_COLUMN, schema.TARGET_ID, schema.RA, schema.DEC]
    rows = catalogue.select(names).filter(pa.array(embedded)).replace_schema_metadata()
    max_rows = max(_VECTOR_BYTES // (4 * store.dim), 1)
    pixels = adaptive_pixels(rows[schema.HEALPIX_COLUMN].to_numpy(), max_rows=max_rows)
    table_schema = rows.schema.append(pa.field("embedding", pa.list_(pa.float32(), store.dim)))
    name = extension_name(store.modality)
    writer = CatalogueWriter(directory / name, table_schema, row_group_rows=_ROW_GROUP_ROWS)
    for number, pixel in enumerate(pixels):
        writer.write_partition(pixel.order, pixel.pixel, _with_vectors(rows, pixel, store))
        progress(number + 1, len(pixels))
    facts = {
        "galsearch_encoder": store.record.encoder,
        "galsearch_fingerprint": store.fingerprint,
        "galsearch_modality": store.modality,
        "galsearch_shards_sha256": store.record.shards_digest,
        "galsearch_dataset_sha256": store.record.dataset_digest,
    }
    writer.finish(name=name, max_rows=max_rows, facts=facts)
    _write_extension(directory, name, collection)
    return len(pixels)


def _with_vectors(rows: pa.Table, pixel: PixelRows, store: EmbeddingStore) -> pa.Table:
    own = rows.take(pa.array(pixel.rows))
    vectors = store.read(own[schema.TARGET_ID].to_numpy())
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), store.dim)
    return own.append_column("embedding", lists)


def _write_extension(directory: Path, name: str, collection: str) -> None:
    """Write the file that tells LSDB how the vectors are joined to the galaxies."""
    write_property_file(
        directory / f"{name}.properties",
        {
            "obs_collection": name,
            "dataproduct_type": "extension",
            "hats_primary_table_url": collection,
            "hats_col_assn_primary": schema.TARGET_ID,
            "hats_assn_join_table_url": name,
            "hats_col_assn_join": schema.TARGET_ID,
            "hats_ext_join_style": "left",
            "hats_ext_shares_primary_coords": "true",
            "hats_ext_cols": "embedding",
        },
        title="HATS extension",
    )


def _write_collection(
    directory: Path, name: str, stores: Mapping[Modality, EmbeddingStore]
) -> None:
    extensions = [extension_name(kind) for kind in stores]
    write_property_file(
        directory / "collection.properties",
        {
            "obs_collection": name,
            "hats_primary_table_url": PRIMARY,
            "all_extensions": " ".join(f"{each} {each}.properties" for each in extensions),
        },
        title="HATS collection",
    )
