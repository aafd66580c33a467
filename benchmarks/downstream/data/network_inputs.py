"""One pass over the pixels: every tower embeds them, and the networks' inputs are set aside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.downstream.data.labelled_galaxies import Galaxies
from galsearch.core.errors import DatasetError
from galsearch.dataset import GalaxyBatch

SOFTENING_NANOMAGGIES = np.array([0.01, 0.015, 0.03], np.float32)[:, None, None]
"""Where the stretch of g, r, z turns from linear to logarithmic."""
SMALLEST_SCALE = 0.01

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ImageInput:
    """What image networks are fed: the centre, and how many pixels are averaged to one."""

    size: int = 96
    """Pixels a side of the central crop."""
    binning: int = 2
    """Pixels a side that become one; 2 is 0.52 arcsec, 2.5 pixels across the seeing."""

    def prepare(self, batch: GalaxyBatch) -> npt.NDArray[np.float16]:
        """(B, 3, size / binning, size / binning): asinh-stretched nanomaggies, 0 where masked."""
        low = (batch.image_flux.shape[-1] - self.size) // 2
        centre = slice(low, low + self.size)
        flux = np.where(batch.image_mask, 0, batch.image_flux)[..., centre, centre]
        b, side = self.binning, self.size // self.binning
        flux = flux.reshape(len(batch), -1, side, b, side, b).mean(axis=(3, 5))
        return np.asarray(np.arcsinh(flux / SOFTENING_NANOMAGGIES) / 3, dtype=np.float16)


def spectrum_input(
    batch: GalaxyBatch,
) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.float32]]:
    """(B, pixels) asinh(flux / scale), 0 where masked, and (B, 1) log10 of the scale.

    The scale is the median of |flux| over measured pixels.
    """
    bad = batch.spectrum_mask | ~(batch.spectrum_ivar > 0)
    magnitude = np.where(bad, np.nan, np.abs(batch.spectrum_flux))
    scale = np.maximum(np.nanmedian(magnitude, axis=1, keepdims=True), SMALLEST_SCALE)
    pixels = np.arcsinh(np.where(bad, 0, batch.spectrum_flux) / scale)
    return pixels.astype(np.float16), np.log10(scale).astype(np.float32)


def prepare_all(
    galaxies: Galaxies,
    target_ids: npt.NDArray[np.int64],
    makers: Mapping[str, Callable[[GalaxyBatch], npt.NDArray[Any]]],
    *,
    progress: Progress = lambda *_: None,
) -> dict[str, npt.NDArray[Any]]:
    """Name -> (n, ...) what its maker makes of every galaxy, in the order of ascending ids.

    Raises
    ------
    DatasetError
        Where a galaxy is not among the batches.
    """
    out: dict[str, npt.NDArray[Any]] = {}
    seen = np.zeros(len(target_ids), bool)
    for batch in galaxies.batches() if makers else ():
        at = np.minimum(np.searchsorted(target_ids, batch.target_ids), len(target_ids) - 1)
        mine = np.flatnonzero(target_ids[at] == batch.target_ids)
        if not len(mine):
            continue
        some = batch.take(mine)
        for name, make in makers.items():
            made = make(some)
            if name not in out:
                out[name] = np.zeros((len(target_ids), *made.shape[1:]), made.dtype)
            out[name][at[mine]] = made
        seen[at[mine]] = True
        progress("reading galaxies", int(seen.sum()), len(target_ids))
    if makers and not seen.all():
        raise DatasetError(
            f"{galaxies.name}: the pixels of {int((~seen).sum())} of {seen.size} galaxies were not "
            "found. Ingest again."
        )
    return out
