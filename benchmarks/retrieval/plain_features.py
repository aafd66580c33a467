"""What anyone would measure first: light within circles, flux in wide bins of wavelength.

Regressors of the bound are given these beside embeddings, so that a magnitude is not told worse
than a sum of pixels tells it.
"""

import numpy as np
import numpy.typing as npt

from galsearch.dataset import GalaxyBatch
from galsearch.dataset.schema import PIXEL_SCALE_ARCSEC

RADII_ARCSEC = (0.75, 1.5, 3.0, 6.0, 12.0)
"""The first is that of a DESI fibre (1.5 arcsec across)."""
N_FIBRE = 3
"""The first columns of `aperture_magnitudes`: g, r, z within a fibre."""
SOFTENING_NANOMAGGIES = 0.05
PIXELS_A_BIN = 200
SOFTENING_FLUX = 0.05

Floats = npt.NDArray[np.float32]


def aperture_magnitudes(batch: GalaxyBatch) -> Floats:
    """(B, 15) asinh of the flux within each radius in g, r, z, the smallest radius first."""
    side = batch.image_flux.shape[-1]
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius = np.hypot(y, x) * PIXEL_SCALE_ARCSEC
    # A pixel on the rim counts by how much of its width is inside.
    inside = [np.clip((r - radius) / PIXEL_SCALE_ARCSEC + 0.5, 0, 1) for r in RADII_ARCSEC]
    flux = np.where(batch.image_mask, 0, batch.image_flux).reshape(len(batch), -1, side * side)
    sums = flux @ np.stack(inside).reshape(len(RADII_ARCSEC), -1).T.astype(np.float32)
    ordered = np.moveaxis(sums, 2, 1).reshape(len(batch), -1)
    return np.asarray(np.arcsinh(ordered / SOFTENING_NANOMAGGIES), dtype=np.float32)


def wide_bins(batch: GalaxyBatch) -> Floats:
    """(B, 38) asinh of the mean flux of measured pixels, 160 Angstrom at a time."""
    good = ~batch.spectrum_mask & (batch.spectrum_ivar > 0)
    n = good.shape[1] // PIXELS_A_BIN
    shape = (len(batch), n, PIXELS_A_BIN)
    good = good[:, : n * PIXELS_A_BIN].reshape(shape)
    flux = batch.spectrum_flux[:, : n * PIXELS_A_BIN].reshape(shape)
    mean = np.where(good, flux, 0).sum(axis=2) / np.maximum(good.sum(axis=2), 1)
    return np.asarray(np.arcsinh(mean / SOFTENING_FLUX), dtype=np.float32)
