"""Tangent-plane (TAN) projection of Legacy Surveys images (FITS WCS paper II, section 5.1.3)."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header

_REFERENCE = ("CRVAL1", "CRVAL2", "CRPIX1", "CRPIX2")
_SCALES = ("CDELT1", "CDELT2")
_CD_MATRIX = ("CD1_1", "CD1_2", "CD2_1", "CD2_2")
_DEGREES = {"": 1.0, "deg": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600, "rad": 180 / np.pi}
_OF_2000 = re.compile(r"[Jj]?2000(\.0*)?|[^0-9]*")
"""Equinox of the year 2000, or a value without a number, which states none."""
_ICRS_LIKE = ("", "ICRS", "FK5")
"""Reference systems (RADESYS) whose positions agree with ICRS to 0.1 arcseconds."""


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

    def sky(self, x: float, y: float) -> tuple[float, float]:
        """ICRS position in degrees of a pixel in column x and row y, counted from 0.

        Examples
        --------
        >>> plane = TangentPlane(150.0, 2.0, x=75.5, y=75.5, pixel_scale_arcsec=0.36)
        >>> ra_deg, dec_deg = plane.sky(75.5, 85.5)
        >>> round(ra_deg, 6), round(dec_deg, 6)
        (150.0, 2.001)
        """
        if (x, y) == (self.x, self.y):
            return self.ra_deg, self.dec_deg
        radians = np.deg2rad(self.pixel_scale_arcsec / 3600.0)
        east, north = (self.x - x) * radians, (y - self.y) * radians
        dec0 = np.deg2rad(self.dec_deg)
        across = np.cos(dec0) - north * np.sin(dec0)
        ra = np.arctan2(east, across)
        dec = np.arctan2(np.sin(dec0) + north * np.cos(dec0), np.hypot(east, across))
        return float((self.ra_deg + np.rad2deg(ra)) % 360.0), float(np.rad2deg(dec))


def read_tangent_plane(header: Header, *, where: str) -> TangentPlane:
    """The tangent-plane projection that a FITS header describes.

    The scale may be a CD matrix, a PC matrix with CDELT, or CDELT with CROTA2.

    Raises
    ------
    SourceError
        Where the header has no position or scale; another projection than TAN, or one with
        distortions; another system than ICRS or FK5; or other pixels than square ones with north
        up and east left, which all images of the Legacy Surveys have.
    """
    _check_projection(header, where)
    # A header without any scale is described by its CD matrix, which the surveys write.
    scales = _SCALES if any(key in header for key in _SCALES) else ("CD1_1", "CD2_2")
    # The scale is 1 by default, so that a PC matrix may hold it.
    needed = (*_REFERENCE, *(() if _has_cd(header) or _has_pc(header) else scales))
    absent = [key for key in needed if not isinstance(header.get(key), (int, float))]
    if absent:
        raise SourceError(f"{where}: the header has no number for {', '.join(absent)}.")
    ra, dec, x, y = (header.number(key, 0.0) for key in _REFERENCE)
    units = [_degrees(header, f"CUNIT{axis}", where) for axis in (1, 2)]
    matrix = np.array(_matrix(header)) * np.array(units)[:, None]
    (xx, xy), (yx, yy) = matrix.tolist()
    if not (xx < 0 < yy and abs(xx + yy) < 0.01 * yy and max(abs(xy), abs(yx)) < 1e-3 * yy):
        raise SourceError(
            f"{where}: the CD matrix is [{xx:g} {xy:g}; {yx:g} {yy:g}] degrees; expected square "
            "pixels with north up and east left."
        )
    return TangentPlane(ra * units[0], dec * units[1], x - 1.0, y - 1.0, yy * 3600.0)


def _check_projection(header: Header, where: str) -> None:
    kinds = tuple(header.label(key) for key in ("CTYPE1", "CTYPE2"))
    if kinds != ("RA---TAN", "DEC--TAN"):
        found = f"{kinds[0]}, {kinds[1]}" if any(kinds) else "not stated in CTYPE1 and CTYPE2"
        raise SourceError(f"{where}: the projection is {found}; expected RA---TAN, DEC--TAN.")
    system = header.label("RADESYS", header.label("RADECSYS")).upper()
    if system not in _ICRS_LIKE:
        raise SourceError(f"{where}: positions are in the system {system}; expected ICRS.")
    equinox = header.label("EQUINOX")
    if system != "ICRS" and equinox and not _OF_2000.fullmatch(equinox):
        # Without RADESYS, an equinox before 1984 means the system FK4.
        raise SourceError(f"{where}: positions are of the equinox {equinox}; expected 2000.")
    distorted = [key for key in header.keywords() if _is_distortion(key)]
    if distorted:
        raise SourceError(
            f"{where}: the projection has distortions ({distorted[0]}); expected a plain TAN."
        )
    if header.number("LONPOLE", 180.0) != 180.0:
        raise SourceError(
            f"{where}: LONPOLE is {header.label('LONPOLE')}, so that north is not up; expected 180."
        )


def _is_distortion(keyword: str) -> bool:
    """True for keywords of SIP polynomials, and of those that SCAMP adds to TAN (PV1_5, ...)."""
    axis, _, number = keyword.partition("_")
    return keyword in ("A_ORDER", "B_ORDER") or (
        axis in ("PV1", "PV2") and number.isdecimal() and int(number) > 4
    )


def _has_cd(header: Header) -> bool:
    return any(key in header for key in _CD_MATRIX)


def _has_pc(header: Header) -> bool:
    return any(f"PC{i}_{j}" in header for i in (1, 2) for j in (1, 2))


def _matrix(header: Header) -> tuple[tuple[float, float], tuple[float, float]]:
    """Matrix from pixels to the intermediate coordinates (FITS WCS papers I and II)."""
    if _has_cd(header):
        xx, xy, yx, yy = (header.number(key, 0.0) for key in _CD_MATRIX)
        return (xx, xy), (yx, yy)
    dx, dy = (header.number(key, 1.0) for key in _SCALES)
    if "CROTA2" in header and not _has_pc(header):
        angle = np.deg2rad(header.number("CROTA2", 0.0))
        cosine, sine = float(np.cos(angle)), float(np.sin(angle))
        return (dx * cosine, -dy * sine), (dx * sine, dy * cosine)
    pc = [[header.number(f"PC{i}_{j}", float(i == j)) for j in (1, 2)] for i in (1, 2)]
    return (dx * pc[0][0], dx * pc[0][1]), (dy * pc[1][0], dy * pc[1][1])


def _degrees(header: Header, keyword: str, where: str) -> float:
    unit = header.label(keyword).lower()
    if unit not in _DEGREES:
        raise SourceError(f"{where}: {keyword} is {unit}; expected deg, arcmin, arcsec or rad.")
    return _DEGREES[unit]
