"""A dataset of galaxies with random pixels, for measurements of speed."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import Rows
from galsearch.dataset import schema
from galsearch.dataset.healpix import adaptive_pixels, healpix_29
from galsearch.dataset.writer import CatalogueWriter
from galsearch.files.staged.directories import new_directory

FIRST_ID = 39_627_000_000_000_001
_N_DIFFERENT = 64
"""Number of different galaxies, whose pixels repeat: to draw them all would take minutes."""


def write_random_dataset(out: Path, n: int, *, galaxies_per_partition: int = 2048) -> Path:
    """Write `n` galaxies with noise as image and spectrum; returns the directory.

    Parameters
    ----------
    galaxies_per_partition
        Largest number of galaxies in one Parquet file.
    """
    rng = np.random.default_rng(1)
    ra_deg, dec_deg = rng.uniform(0, 360, n), np.rad2deg(np.arcsin(rng.uniform(-1, 1, n)))
    healpix = healpix_29(ra_deg, dec_deg)
    pixels = _pixels(rng)
    with new_directory(out) as temporary:
        writer = CatalogueWriter(temporary, schema.dataset_schema())
        for part in adaptive_pixels(healpix, max_rows=galaxies_per_partition):
            catalogue = {
                schema.HEALPIX_COLUMN: healpix[part.rows],
                schema.TARGET_ID: FIRST_ID + part.rows,
                schema.RA: ra_deg[part.rows],
                schema.DEC: dec_deg[part.rows],
                "z": 0.1 + 0.8 * (part.rows % 97) / 97,
            }
            writer.write_partition(
                part.order, part.pixel, _table(writer.schema, part.rows, catalogue, pixels)
            )
        writer.finish(name="random", max_rows=galaxies_per_partition)
    return out


def _pixels(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Pixel columns of the galaxies that repeat, one galaxy in each row."""
    lengths = {f.name: f.type.list_size for fs in schema.PIXEL_FIELDS.values() for f in fs}
    shape = {name: (_N_DIFFERENT, length) for name, length in lengths.items()}
    return {
        "image_flux": rng.normal(0, 0.01, shape["image_flux"]).astype(np.float32),
        "image_mask": np.zeros(shape["image_mask"], bool),
        "spectrum_flux": rng.normal(1, 0.3, shape["spectrum_flux"]).astype(np.float32),
        "spectrum_ivar": np.ones(shape["spectrum_ivar"], np.float32),
        "spectrum_mask": np.zeros(shape["spectrum_mask"], bool),
    }


def _table(
    table_schema: pa.Schema,
    rows: Rows,
    catalogue: dict[str, np.ndarray],
    pixels: dict[str, np.ndarray],
) -> pa.Table:
    """The rows of a partition; a column that is neither given nor pixels is null."""
    columns = []
    for field in table_schema:
        if field.name in catalogue:
            columns.append(pa.array(catalogue[field.name], field.type))
        elif field.name in schema.HAS.values():
            columns.append(pa.array(np.ones(len(rows), bool)))
        elif field.name in pixels:
            flat = pa.array(pixels[field.name][rows % _N_DIFFERENT].reshape(-1))
            columns.append(pa.FixedSizeListArray.from_arrays(flat, type=field.type))
        else:
            columns.append(pa.nulls(len(rows), field.type))
    return pa.table(columns, schema=table_schema)
