"""Galaxies as arrays: what encoders, training and the gallery are fed."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.dataset.schema import DEC, HAS, IMAGE_SHAPE, RA, TARGET_ID


@dataclass(frozen=True, eq=False)
class GalaxyBatch:
    """Some galaxies, one a row. A modality that a galaxy lacks is flux 0 and wholly masked."""

    target_ids: npt.NDArray[np.int64]
    """(n,)."""
    ra_deg: npt.NDArray[np.float64]
    dec_deg: npt.NDArray[np.float64]
    """(n,) ICRS."""
    z: npt.NDArray[np.float64]
    """(n,) redshift, NaN where unknown."""
    has_image: npt.NDArray[np.bool_]
    has_spectrum: npt.NDArray[np.bool_]
    """(n,)."""
    image_flux: npt.NDArray[np.float32]
    """(n, 3, 152, 152), bands g, r, z; nanomaggies per pixel of 0.262 arcsec; 0 where masked."""
    image_mask: npt.NDArray[np.bool_]
    """(n, 3, 152, 152), True = no measurement."""
    spectrum_flux: npt.NDArray[np.float32]
    """(n, 7781) on the DESI grid, 1e-17 erg / (s cm2 Angstrom); 0 where masked."""
    spectrum_ivar: npt.NDArray[np.float32]
    """(n, 7781), 0 where masked."""
    spectrum_mask: npt.NDArray[np.bool_]
    """(n, 7781), True = no measurement."""

    def __len__(self) -> int:
        return int(self.target_ids.size)

    def take(self, rows: npt.NDArray[np.int64] | slice) -> "GalaxyBatch":
        """The same galaxies at these row numbers, in this order; a slice copies nothing."""
        return GalaxyBatch(*(getattr(self, field.name)[rows] for field in fields(self)))


def concatenate(batches: Sequence[GalaxyBatch]) -> GalaxyBatch:
    """All rows of one or more batches, in order."""
    if len(batches) == 1:
        return batches[0]
    arrays = ([getattr(batch, f.name) for batch in batches] for f in fields(GalaxyBatch))
    return GalaxyBatch(*(np.concatenate(parts) for parts in arrays))


def batch_from_table(table: pa.Table) -> GalaxyBatch:
    """The rows of a partition's table; modalities whose columns it lacks come out as missing.

    A mask column may be left out where nothing is masked.
    """
    n = len(table)
    names = set(table.column_names)

    def pixels(name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        if name not in names:
            return np.zeros((n, *shape), np.float32)
        return _rows(table[name], shape)

    def mask(
        name: str, shape: tuple[int, ...], has: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        masked = _rows(table[name], shape) if name in names else np.zeros((n, *shape), bool)
        masked[~has] = True
        return masked

    read = {m: m.value + "_flux" in names for m in Modality}
    has = {m: _scalars(table[HAS[m]]) & read[m] for m in Modality}
    spectrum_shape = (DESI_N_PIXELS,)
    return GalaxyBatch(
        target_ids=_scalars(table[TARGET_ID]),
        ra_deg=_scalars(table[RA]),
        dec_deg=_scalars(table[DEC]),
        z=_scalars(table["z"]),
        has_image=has[Modality.IMAGE],
        has_spectrum=has[Modality.SPECTRUM],
        image_flux=pixels("image_flux", IMAGE_SHAPE),
        image_mask=mask("image_mask", IMAGE_SHAPE, has[Modality.IMAGE]),
        spectrum_flux=pixels("spectrum_flux", spectrum_shape),
        spectrum_ivar=pixels("spectrum_ivar", spectrum_shape),
        spectrum_mask=mask("spectrum_mask", spectrum_shape, has[Modality.SPECTRUM]),
    )


def _scalars(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _rows(column: pa.ChunkedArray, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """(n, *shape) of a fixed-size list column; null rows are 0."""
    array = column.combine_chunks()
    length = int(np.prod(shape))
    # Not `flatten`, which leaves null rows out and so would shift the ones behind them.
    values = array.values.slice(array.offset * length, len(array) * length)
    rows = values.to_numpy(zero_copy_only=False).reshape(len(array), *shape)
    if array.null_count or not rows.flags.writeable:
        rows = rows.copy()
        rows[~array.is_valid().to_numpy(zero_copy_only=False)] = 0
    return np.asarray(rows)
