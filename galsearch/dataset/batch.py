"""Batches of galaxies as arrays, the input of encoders, training and the gallery."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array, TargetIds
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.dataset.schema import DEC, HAS, IMAGE_SHAPE, RA, TARGET_ID


@dataclass(frozen=True, eq=False)
class GalaxyBatch:
    """Images and spectra of some galaxies, one galaxy in each row.

    Where a galaxy lacks a modality, its flux is 0 and every pixel is masked.
    """

    target_ids: TargetIds
    """(n,) TARGETID of each galaxy."""
    ra_deg: Float64Array
    dec_deg: Float64Array
    """(n,) ICRS position (`ra_deg`, `dec_deg`) of each galaxy, in degrees."""
    z: Float64Array
    """(n,) redshift of each galaxy, NaN where unknown."""
    has_image: BoolArray
    has_spectrum: BoolArray
    """(n,) True for galaxies with an image (`has_image`) and with a spectrum (`has_spectrum`)."""
    image_flux: Float32Array
    """(n, 3, 152, 152) images in bands g, r, z; nanomaggies per 0.262 arcsec pixel, 0 if masked."""
    image_mask: BoolArray
    """(n, 3, 152, 152) mask, True where the image has no measurement."""
    spectrum_flux: Float32Array
    """(n, 7781) spectra on the DESI grid, 1e-17 erg / (s cm2 Angstrom); 0 where masked."""
    spectrum_ivar: Float32Array
    """(n, 7781) inverse variance of the spectra; 0 where masked."""
    spectrum_mask: BoolArray
    """(n, 7781) mask, True where the spectrum has no measurement."""

    def __len__(self) -> int:
        return int(self.target_ids.size)

    def take(self, rows: Int64Array | slice) -> "GalaxyBatch":
        """The galaxies at the given row numbers, in that order; a view for a slice."""
        return GalaxyBatch(*(getattr(self, field.name)[rows] for field in fields(self)))


def concatenate(batches: Sequence[GalaxyBatch]) -> GalaxyBatch:
    """One batch with all rows of one or more batches, in order."""
    if len(batches) == 1:
        return batches[0]
    arrays = ([getattr(batch, f.name) for batch in batches] for f in fields(GalaxyBatch))
    return GalaxyBatch(*(np.concatenate(parts) for parts in arrays))


def batch_from_table(table: pa.Table) -> GalaxyBatch:
    """The rows of a partition's table as a batch.

    A modality whose flux column is not in the table is missing for every galaxy. A mask column
    may be left out if no pixel is masked.
    """
    read = {m: m.value + "_flux" in table.column_names for m in Modality}
    has = {m: _scalars(table[HAS[m]]) & read[m] for m in Modality}
    has_image, has_spectrum = has[Modality.IMAGE], has[Modality.SPECTRUM]
    spectrum_shape = (DESI_N_PIXELS,)
    return GalaxyBatch(
        target_ids=_scalars(table[TARGET_ID]),
        ra_deg=_scalars(table[RA]),
        dec_deg=_scalars(table[DEC]),
        z=_scalars(table["z"]),
        has_image=has_image,
        has_spectrum=has_spectrum,
        image_flux=_pixels(table, "image_flux", IMAGE_SHAPE),
        image_mask=_mask(table, "image_mask", IMAGE_SHAPE, has_image),
        spectrum_flux=_pixels(table, "spectrum_flux", spectrum_shape),
        spectrum_ivar=_pixels(table, "spectrum_ivar", spectrum_shape),
        spectrum_mask=_mask(table, "spectrum_mask", spectrum_shape, has_spectrum),
    )


def _pixels(table: pa.Table, name: str, shape: tuple[int, ...]) -> Float32Array:
    """(n, *shape) values of a column of pixels; 0 if the table lacks the column."""
    if name not in table.column_names:
        return np.zeros((len(table), *shape), np.float32)
    return _fixed_size_rows(table[name], shape)


def _mask(table: pa.Table, name: str, shape: tuple[int, ...], has: BoolArray) -> BoolArray:
    """(n, *shape) mask of an image or spectrum, True for galaxies that lack the modality."""
    if name in table.column_names:
        masked = _fixed_size_rows(table[name], shape)
    else:
        masked = np.zeros((len(table), *shape), bool)
    masked[~has] = True
    return masked


def _scalars(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _fixed_size_rows(column: pa.ChunkedArray, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """(n, *shape) values of a column of fixed-size lists; rows that are null become 0."""
    array = column.combine_chunks()
    length = int(np.prod(shape))
    # The values are read directly because Arrow's `flatten` would leave out null rows and so shift
    # the rows after them.
    values = array.values.slice(array.offset * length, len(array) * length)
    rows = values.to_numpy(zero_copy_only=False).reshape(len(array), *shape)
    if array.null_count or not rows.flags.writeable:
        rows = rows.copy()
        rows[~array.is_valid().to_numpy(zero_copy_only=False)] = 0
    return np.asarray(rows)
