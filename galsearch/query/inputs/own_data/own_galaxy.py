"""The image and spectrum of one's own that made a query, as a galaxy that pictures show."""

from typing import TYPE_CHECKING

import numpy as np

from galsearch.core.arrays import Float32Array
from galsearch.core.spectrum import DESI_N_PIXELS
from galsearch.query.inputs.own_data.own_image import BANDS, SIZE_PIXELS, OwnImage
from galsearch.query.inputs.own_data.own_spectrum import OwnSpectrum

if TYPE_CHECKING:
    # Importing galsearch.dataset loads Arrow, which would delay every query.
    from galsearch.dataset import GalaxyBatch


def own_galaxy(image: OwnImage | None, spectrum: OwnSpectrum | None) -> "GalaxyBatch | None":
    """A batch of one galaxy with an image and a spectrum as they were compared; None for neither.

    Its TARGETID is 0 and its position NaN where the files state none. Its redshift is not known.
    """
    if image is None and spectrum is None:
        return None
    from galsearch.dataset import GalaxyBatch

    shape = (1, len(BANDS), SIZE_PIXELS, SIZE_PIXELS)
    flux, mask = np.zeros(shape, np.float32), np.ones(shape, bool)
    position = None
    if image is not None:
        flux, mask = image.cutout.flux[None], ~image.cutout.good[None]
        position = image.position_deg
    of_spectrum = np.zeros((2, 1, DESI_N_PIXELS), np.float32)
    spectrum_mask = np.ones((1, DESI_N_PIXELS), bool)
    if spectrum is not None:
        of_spectrum = _flux_and_ivar(spectrum)
        spectrum_mask = ~spectrum.spectrum.good[None]
    target_id = spectrum.target_id if spectrum is not None else None
    ra_deg, dec_deg = (np.nan, np.nan) if position is None else position
    return GalaxyBatch(
        target_ids=np.array([target_id or 0], np.int64),
        ra_deg=np.array([ra_deg]),
        dec_deg=np.array([dec_deg]),
        z=np.array([np.nan]),
        has_image=np.array([image is not None]),
        has_spectrum=np.array([spectrum is not None]),
        image_flux=np.where(mask, np.float32(0), flux),
        image_mask=mask,
        spectrum_flux=of_spectrum[0],
        spectrum_ivar=of_spectrum[1],
        spectrum_mask=spectrum_mask,
    )


def _flux_and_ivar(own: OwnSpectrum) -> Float32Array:
    """(2, 1, pixels) flux and inverse variance of the measured pixels, 0 in the others."""
    good = own.spectrum.good
    values = np.stack([own.spectrum.flux, own.spectrum.ivar])
    return np.where(good, values, 0).astype(np.float32)[:, None]
