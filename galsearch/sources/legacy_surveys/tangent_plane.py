"""Tangent-plane (TAN) projection of Legacy Surveys images (FITS WCS paper II, section 5.1.3)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header

_KEYS = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2", "CD1_1", "CD1_2", "CD2_1", "CD2_2")


@dataclass(frozen=True)
class TangentPlane:
    """Projection of the sky on square pixels, with north up and east left."""

    ra_deg: float
    dec_deg: float
    """ICRS position (`ra_deg`, `dec_deg`) of the point of tangency."""
    x: float
    """Column of the point of tangency; the centre of the first pixel is at (0, 0)."""
    y: float
    """Row of the point of tangency."""
    pixel_scale_arcsec: float
    """Side of a pixel in arcseconds."""

    def pixel(
        self, ra_deg: npt.ArrayLike, dec_deg: npt.ArrayLike
    ) -> tuple[Float64Array, Float64Array]:
        """Columns x and rows y of ICRS positions in degrees, counted from 0.

        Both are NaN for positions 90 degrees or more from the point of tangency.

        Examples
        --------
        >>> plane = TangentPlane(150.0, 2.0, x=75.5, y=75.5, pixel_scale_arcsec=0.36)
        >>> x, y = plane.pixel([150.0, 150.0], [2.0, 2.001])
        >>> x.round(3), y.round(3)
        (array([75.5, 75.5]), array([75.5, 85.5]))
        """
        ra = np.deg2rad(np.asarray(ra_deg, dtype=np.float64) - self.ra_deg)
        dec = np.deg2rad(np.asarray(dec_deg, dtype=np.float64))
        dec0 = np.deg2rad(self.dec_deg)
        cosine = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(ra)
        cosine = np.where(cosine > 0, cosine, np.nan)
        east = np.cos(dec) * np.sin(ra) / cosine
        north = (np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(ra)) / cosine
        per_radian = np.rad2deg(3600.0) / self.pixel_scale_arcsec
        return self.x - east * per_radian, self.y + north * per_radian


def read_tangent_plane(header: Header, *, where: str) -> TangentPlane:
    """The tangent-plane projection that a FITS header describes.

    Raises
    ------
    SourceError
        Where the header has no position, another projection than TAN, or other pixels than square
        ones with north up and east left, which all images of the Legacy Surveys have.
    """
    kinds = tuple(header.label(key) for key in ("CTYPE1", "CTYPE2"))
    if kinds != ("RA---TAN", "DEC--TAN"):
        found = f"{kinds[0]}, {kinds[1]}" if any(kinds) else "not stated in CTYPE1 and CTYPE2"
        raise SourceError(f"{where}: the projection is {found}; expected RA---TAN, DEC--TAN.")
    values = {key: header.get(key) for key in _KEYS}
    absent = [key for key, value in values.items() if not isinstance(value, (int, float))]
    if absent:
        raise SourceError(f"{where}: the header has no number for {', '.join(absent)}.")
    ra, dec, x, y, xx, xy, yx, yy = (header.number(key, 0.0) for key in _KEYS)
    if not (xx < 0 < yy and abs(xx + yy) < 0.01 * yy and max(abs(xy), abs(yx)) < 1e-3 * yy):
        raise SourceError(
            f"{where}: the CD matrix is [{xx:g} {xy:g}; {yx:g} {yy:g}] degrees; expected square "
            "pixels with north up and east left."
        )
    return TangentPlane(ra, dec, x - 1.0, y - 1.0, yy * 3600.0)
