"""Writing of the partitions of a dataset, one at a time, with the pixels of their galaxies."""

from collections import Counter
from typing import Any, Literal

import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import BoolArray
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress
from galsearch.dataset import schema
from galsearch.dataset.healpix import adaptive_pixels
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.inventory import ImageInventory, SpectrumInventory
from galsearch.dataset.ingest.pairing import Galaxies, select_by_pairing
from galsearch.dataset.ingest.pixels import (
    ImagePixels,
    SpectrumPixels,
    load_images,
    load_spectra,
)
from galsearch.dataset.writer import CatalogueWriter

UNMEASURED = "image: no measurement"
UNREADABLE = {
    Modality.IMAGE: "image: its file cannot be read",
    Modality.SPECTRUM: "spectrum: its file cannot be read",
}


def write_partitions(
    writer: CatalogueWriter,
    catalogue: pa.Table,
    galaxies: Galaxies,
    sources: tuple[SpectrumInventory, ImageInventory],
    progress: Progress,
    bad_files: BadFiles,
    *,
    max_rows: int,
    unpaired: Literal["keep", "drop"],
) -> Counter[str]:
    """Write all galaxies of a dataset, partition by partition; dropped rows are counted.

    An image without a single measured pixel does not count as an image, nor does one whose file
    cannot be read. A galaxy with such an image keeps its spectrum, or is dropped if it has none.

    Parameters
    ----------
    writer
        Writer of the catalogue, which receives the partitions.
    catalogue
        Catalogue columns of the galaxies, in the order of `galaxies`.
    galaxies
        The galaxies to be written.
    sources
        Inventories of the spectra and of the images.
    progress
        Function that is called with stage, done and total.
    bad_files
        Collection of the files that cannot be read; their images and spectra are dropped.
    max_rows
        Largest number of galaxies in a partition.
    unpaired : "keep" or "drop"
        Treatment of galaxies that have only an image or only a spectrum.

    Returns
    -------
    Counter
        Number of images and spectra that were dropped while partitions were written, by reason.
    """
    spectrum_inventory, image_inventory = sources
    dropped: Counter[str] = Counter()
    n_done, healpix = 0, catalogue[schema.HEALPIX_COLUMN].to_numpy()
    for part in adaptive_pixels(healpix, max_rows=max_rows):
        images = load_images(galaxies, part.rows, image_inventory, bad_files)
        spectra = load_spectra(galaxies, part.rows, spectrum_inventory, bad_files)
        dropped[UNMEASURED] += int((images.read & ~images.has).sum())
        for modality, wanted, read in (
            (Modality.IMAGE, galaxies.has_image, images.read),
            (Modality.SPECTRUM, galaxies.has_spectrum, spectra.has),
        ):
            dropped[UNREADABLE[modality]] += int((wanted[part.rows] & ~read).sum())
        keep, reasons = select_by_pairing(images.has, spectra.has, unpaired=unpaired)
        dropped += reasons
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
    table_schema: pa.Schema, catalogue: pa.Table, images: ImagePixels, spectra: SpectrumPixels
) -> pa.Table:
    """The Arrow table of a partition: catalogue columns and pixels in the order of the schema."""
    pixels: dict[str, tuple[npt.NDArray[Any], BoolArray]] = {
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
            arrays.append(_fixed_size_lists(*pixels[field.name], field))
        elif field.name in flags:
            arrays.append(flags[field.name])
        else:
            arrays.append(catalogue[field.name].cast(field.type))
    return pa.Table.from_arrays(arrays, schema=table_schema)


def _fixed_size_lists(values: npt.NDArray[Any], has: BoolArray, field: pa.Field) -> pa.Array:
    """Arrays of pixels as a column of fixed-size lists, null for galaxies where `has` is False."""
    flat = pa.array(values.reshape(-1), field.type.value_type)
    mask = None if has.all() else pa.array(~has)
    return pa.FixedSizeListArray.from_arrays(flat, type=field.type, mask=mask)
