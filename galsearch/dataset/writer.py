"""Writing of a HATS catalogue: one Parquet file for each partition, and its metadata files."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.errors import IngestError
from galsearch.core.modality import Modality
from galsearch.core.version import VERSION
from galsearch.dataset import schema
from galsearch.dataset.hats_files import write_digests, write_partition_info, write_properties
from galsearch.files.digest import sha256_of_file

_COORDINATES = {
    "hats_col_ra": schema.RA,
    "hats_col_dec": schema.DEC,
    "hats_col_healpix": schema.HEALPIX_COLUMN,
    "hats_col_healpix_order": 29,
}


class CatalogueWriter:
    """Writer of a HATS catalogue, which writes its partitions one by one and then the metadata.

    `finish` writes the metadata. The caller creates the directory, atomically.

    Parameters
    ----------
    root
        Directory of the catalogue.
    table_schema
        Arrow schema of every partition.
    row_group_rows
        Largest number of rows of a row group; by default that of a dataset with pixels.
    """

    def __init__(
        self, root: Path, table_schema: pa.Schema, *, row_group_rows: int = schema.ROW_GROUP_ROWS
    ) -> None:
        self._root = root
        self._row_group_rows = row_group_rows
        self.schema = table_schema
        self._footers: list[Any] = []
        self._digests: dict[str, str] = {}
        self._pixels: list[tuple[int, int]] = []
        self.n_rows = 0

    def write_partition(self, order: int, pixel: int, table: pa.Table) -> None:
        """Write the rows of one HEALPix pixel, which must be sorted by `_healpix_29`."""
        relative = schema.partition_path(order, pixel)
        path = self._root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        starts = range(0, len(table), self._row_group_rows)
        row_groups = [table.slice(start, self._row_group_rows) for start in starts]
        with pq.ParquetWriter(path, self.schema, **_parquet_options(self.schema)) as writer:
            for rows in row_groups:
                writer.write_table(rows)
            if set(schema.MASK_COLUMNS) <= set(self.schema.names):
                writer.add_key_value_metadata(schema.unmasked_metadata(row_groups))
        footer = pq.read_metadata(path)
        if footer.num_rows != len(table):
            raise IngestError(
                f"{relative}: the file has {footer.num_rows} of {len(table)} rows. Nothing was "
                "written."
            )
        footer.set_file_path(relative.relative_to(schema.DATASET_DIR).as_posix())
        self._footers.append(footer)
        self._digests[relative.as_posix()] = sha256_of_file(path)
        self._pixels.append((order, pixel))
        self.n_rows += len(table)

    def finish(
        self,
        *,
        name: str,
        max_rows: int,
        others: Sequence[str] = (),
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Write the properties, list of partitions, digests and two Parquet metadata files.

        Parameters
        ----------
        name
            Name of the catalogue.
        max_rows
            Largest number of rows of a partition.
        others
            Names of files in the directory that have digests too.
        facts
            Further properties.
        """
        folder = self._root / schema.DATASET_DIR
        pq.write_metadata(self.schema, folder / schema.COMMON_METADATA_FILE)
        pq.write_metadata(
            self.schema, folder / schema.METADATA_FILE, metadata_collector=self._footers
        )
        write_partition_info(self._root, self._pixels)
        digests = {name: sha256_of_file(self._root / name) for name in others}
        write_digests(self._root, {**self._digests, **digests})
        write_properties(self._root, {**self._properties(name, max_rows), **(facts or {})})

    def _properties(self, name: str, max_rows: int) -> dict[str, object]:
        size = sum((self._root / path).stat().st_size for path in self._digests)
        created = datetime.now(UTC)
        return {
            "obs_collection": name,
            "dataproduct_type": "object",
            "hats_nrows": self.n_rows,
            **_COORDINATES,
            "hats_cols_default": " ".join(schema.catalogue_names(self.schema)),
            "hats_order": max(order for order, _ in self._pixels),
            "hats_max_rows": max_rows,
            "hats_estsize": size // 1024,
            "moc_sky_fraction": f"{sum(1 / (12 * 4**order) for order, _ in self._pixels):.6g}",
            "hats_npix_suffix": ".parquet",
            "hats_builder": f"galsearch {VERSION}",
            "hats_creation_date": created.strftime("%Y-%m-%dT%H:%MUTC"),
            "hats_release_date": "2025-08-22",
            "hats_version": "v1.0",
        }


def _parquet_options(table_schema: pa.Schema) -> dict[str, Any]:
    """Options of the Parquet writer that make pixels fast to read.

    Float pixels are mostly noise, which hardly compresses, and so they are not compressed. Masks
    are compressed, because they shrink to almost nothing.
    """
    pixels = list(itertools.chain(*(schema.PIXEL_FIELDS[m] for m in Modality)))
    # Parquet names a column by its path, in which the values of a list are `list.element`.
    paths = {f.name: f"{f.name}.list.element" for f in pixels}
    noise = {paths[f.name] for f in pixels if f.type.value_type == pa.float32()}
    leaves = [paths.get(name, name) for name in table_schema.names]
    return {
        "compression": {leaf: "NONE" if leaf in noise else "zstd" for leaf in leaves},
        "compression_level": {leaf: 1 for leaf in leaves if leaf not in noise},
        "use_dictionary": [n for n in ("spectype", "survey", "program") if n in leaves],
        "write_statistics": [leaf for leaf in leaves if leaf not in noise],
        "write_page_checksum": True,
    }
