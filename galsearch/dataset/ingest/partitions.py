"""A partition's table: the catalogue's rows and the pixels loaded for them."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.modality import Modality
from galsearch.dataset import schema
from galsearch.dataset.healpix import adaptive_pixels
from galsearch.dataset.ingest.ingest_recipe import IngestRecipe
from galsearch.dataset.ingest.inventory import ImageRows, Progress, SpectrumRows
from galsearch.dataset.ingest.pairing import NO_IMAGE, Galaxies
from galsearch.dataset.ingest.pixels import Images, Spectra, load_images, load_spectra
from galsearch.dataset.writer import CatalogueWriter

UNMEASURED = "image: no measurement"


def write_partitions(
    writer: CatalogueWriter,
    recipe: IngestRecipe,
    catalogue: pa.Table,
    galaxies: Galaxies,
    sources: tuple[SpectrumRows, ImageRows],
    progress: Progress,
) -> Counter[str]:
    """Write every galaxy, partition by partition; what had to be dropped, by reason.

    An image in which nothing was measured is no image: its galaxy is left with its spectrum, or
    without either and dropped.
    """
    dropped: Counter[str] = Counter()
    n_done, healpix = 0, catalogue[schema.HEALPIX_COLUMN].to_numpy()
    for part in adaptive_pixels(healpix, max_rows=recipe.max_rows):
        images = load_images(galaxies, part.rows, sources[1])
        spectra = load_spectra(galaxies, part.rows, sources[0])
        planned = (galaxies.image[part.rows] >= 0) | (galaxies.brick[part.rows] != "")
        dropped[UNMEASURED] += int((planned & ~images.has).sum())
        keep = images.has | spectra.has
        if recipe.pairing.unpaired == "drop":
            keep = images.has & spectra.has
            dropped[NO_IMAGE] += int((spectra.has & ~images.has).sum())
        if keep.any():
            if not keep.all():
                images, spectra = images.take(keep), spectra.take(keep)
            kept = catalogue.take(part.rows[keep])
            table = partition_table(writer.schema, kept, images, spectra)
            writer.write_partition(part.order, part.pixel, table)
        n_done += part.rows.size
        progress("writing galaxies", n_done, len(catalogue))
    return +dropped


def partition_table(
    table_schema: pa.Schema, catalogue: pa.Table, images: Images, spectra: Spectra
) -> pa.Table:
    """The rows of `catalogue` with their pixels, in the schema's order of columns."""
    pixels: dict[str, tuple[Any, Any]] = {
        "image_flux": (images.flux, images.has),
        "image_mask": (images.mask, images.has),
        "spectrum_flux": (spectra.flux, spectra.has),
        "spectrum_ivar": (spectra.ivar, spectra.has),
        "spectrum_mask": (spectra.mask, spectra.has),
    }
    has = {Modality.IMAGE: images.has, Modality.SPECTRUM: spectra.has}
    flags = {schema.HAS[modality]: pa.array(has[modality]) for modality in Modality}
    arrays = []
    for field in table_schema:
        if field.name in pixels:
            arrays.append(_fixed_size_rows(*pixels[field.name], field))
        elif field.name in flags:
            arrays.append(flags[field.name])
        else:
            arrays.append(catalogue[field.name].cast(field.type))
    return pa.Table.from_arrays(arrays, schema=table_schema)


def _fixed_size_rows(
    values: npt.NDArray[Any], has: npt.NDArray[np.bool_], field: pa.Field
) -> pa.Array:
    flat = pa.array(values.reshape(-1), field.type.value_type)
    mask = None if has.all() else pa.array(~has)
    return pa.FixedSizeListArray.from_arrays(flat, type=field.type, mask=mask)
