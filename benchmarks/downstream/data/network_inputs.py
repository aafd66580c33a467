"""Inputs of the supervised networks, which are all made in one pass over the pixels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.downstream.data.labelled_galaxies import Galaxies
from galsearch.core.arrays import Float32Array, TargetIds
from galsearch.core.errors import DatasetError
from galsearch.core.ids import find_rows
from galsearch.core.progress import Progress, no_progress
from galsearch.dataset import GalaxyBatch

SOFTENING_NANOMAGGIES = np.array([0.01, 0.015, 0.03], np.float32)[:, None, None]
"""Flux per pixel, in nanomaggies, at which the asinh stretch of g, r, z changes from linear to
logarithmic.
"""
SMALLEST_SCALE = 0.01
"""Lower limit of the scale by which a spectrum is divided, in its units of flux."""


@dataclass(frozen=True)
class ImageInput:
    """Recipe for the input of image networks: central pixels of an image, averaged in blocks."""

    size: int = 96
    """Pixels on a side of the central crop."""
    binning: int = 2
    """Pixels on a side of the blocks that are averaged. With 2, a pixel is 0.52 arcsec and the
    seeing is 2.5 pixels wide."""

    def prepare(self, batch: GalaxyBatch) -> npt.NDArray[np.float16]:
        """(B, 3, size / binning, size / binning) float16 asinh-stretched fluxes of a batch of
        images, 0 where masked.
        """
        low = (batch.image_flux.shape[-1] - self.size) // 2
        centre = slice(low, low + self.size)
        flux = np.where(batch.image_mask, 0, batch.image_flux)[..., centre, centre]
        b, side = self.binning, self.size // self.binning
        flux = flux.reshape(len(batch), -1, side, b, side, b).mean(axis=(3, 5))
        return np.asarray(np.arcsinh(flux / SOFTENING_NANOMAGGIES) / 3, dtype=np.float16)


def spectrum_input(
    batch: GalaxyBatch,
) -> tuple[npt.NDArray[np.float16], Float32Array]:
    """Input of spectrum networks: (B, pixels) float16 asinh(flux / scale), 0 where masked, and (B,
    1) float32 log10 of the scale.

    The scale is the median of |flux| over the measured pixels of a spectrum.
    """
    bad = batch.spectrum_mask | ~(batch.spectrum_ivar > 0)
    magnitude = np.where(bad, np.nan, np.abs(batch.spectrum_flux))
    scale = np.maximum(np.nanmedian(magnitude, axis=1, keepdims=True), SMALLEST_SCALE)
    pixels = np.arcsinh(np.where(bad, 0, batch.spectrum_flux) / scale)
    return pixels.astype(np.float16), np.log10(scale).astype(np.float32)


def prepare_all(
    galaxies: Galaxies,
    target_ids: TargetIds,
    makers: Mapping[str, Callable[[GalaxyBatch], npt.NDArray[Any]]],
    *,
    progress: Progress = no_progress,
) -> dict[str, npt.NDArray[Any]]:
    """Several (n, ...) arrays by name, each made from the pixels of all requested galaxies by its
    own function, in one pass over the dataset.

    Parameters
    ----------
    galaxies
        The dataset.
    target_ids : (n,)
        TARGETIDs of the requested galaxies, ascending.
    makers
        Functions from a batch to an array with one row for each galaxy.
    progress
        Receives the progress.

    Raises
    ------
    DatasetError
        Where the dataset lacks a requested galaxy.
    """
    out: dict[str, npt.NDArray[Any]] = {}
    seen = np.zeros(len(target_ids), bool)
    for batch in galaxies.batches() if makers else ():
        row = find_rows(target_ids, batch.target_ids)
        chosen = np.flatnonzero(row >= 0)
        if not len(chosen):
            continue
        some = batch.take(chosen)
        for name, make in makers.items():
            made = make(some)
            if name not in out:
                out[name] = np.zeros((len(target_ids), *made.shape[1:]), made.dtype)
            out[name][row[chosen]] = made
        seen[row[chosen]] = True
        progress("reading galaxies", int(seen.sum()), len(target_ids))
    if makers and not seen.all():
        raise DatasetError(
            f"{galaxies.name}: the pixels of {int((~seen).sum())} of {seen.size} galaxies were not "
            "found."
        )
    return out
