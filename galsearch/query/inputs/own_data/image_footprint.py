"""The part of a cutout around a position."""

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.cutout import Cutout
from galsearch.core.errors import QueryError

_WIDTH_ARCSEC = 60.0
"""Side of the part that is taken, more than any encoder takes."""


def centred_on(cutout: Cutout, position_deg: Float64Array, place: str) -> Cutout:
    """The part of a cutout around a position, moved by whole pixels and masked outside the cutout.

    Parameters
    ----------
    position_deg : (2,)
        Right ascension and declination in degrees.
    place
        Name of the image in messages.

    Raises
    ------
    QueryError
        Where the position is outside the cutout.
    """
    # Imported here: astropy.io.fits would delay every query.
    from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane

    _, ny, nx = cutout.flux.shape
    scale = cutout.pixel_scale_arcsec
    plane = TangentPlane(cutout.ra_deg, cutout.dec_deg, (nx - 1) / 2, (ny - 1) / 2, scale)
    ra_deg, dec_deg = (float(value) for value in position_deg)
    x, y = (float(value) for value in plane.pixel(ra_deg, dec_deg))
    if not (-0.5 <= x <= nx - 0.5 and -0.5 <= y <= ny - 0.5):
        raise QueryError(
            f"RA {ra_deg:.5f}, Dec {dec_deg:+.5f} is outside {place}, which shows "
            f"{nx * scale:.1f} x {ny * scale:.1f} arcsec about RA {cutout.ra_deg:.5f}, Dec "
            f"{cutout.dec_deg:+.5f}."
        )
    half = int(np.ceil(_WIDTH_ARCSEC / 2 / scale))
    column, row = round(x), round(y)
    flux = np.pad(cutout.flux, ((0, 0), (half, half), (half, half)))
    mask = np.pad(~cutout.good, ((0, 0), (half, half), (half, half)), constant_values=True)
    box = (slice(None), slice(row, row + 2 * half + 1), slice(column, column + 2 * half + 1))
    return Cutout(flux[box], cutout.bands, scale, ra_deg, dec_deg, mask[box])
