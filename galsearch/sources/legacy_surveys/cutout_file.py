"""Image cutouts in the FITS format of the Legacy Surveys viewer, in nanomaggies per pixel.

A pixel that is exactly 0 in a band has no measurement: the survey's coadds are 0 where there is
no exposure, and a measured pixel has noise.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from galsearch.core.cutout import LEGACY_PIXEL_SCALE_ARCSEC, Cutout
from galsearch.core.errors import InvalidCutoutError, InvalidTargetIdError, SourceError
from galsearch.core.target_id import TargetId
from galsearch.sources.fits.fits_file import FitsFile, open_fits
from galsearch.sources.fits.fits_writer import write_fits
from galsearch.sources.legacy_surveys.cutout_layout import CutoutLayout, find_cutout
from galsearch.sources.legacy_surveys.image_units import nanomaggies_per_unit

_MEASURED_ZERO = np.finfo(np.float32).tiny
"""Stored value of a measured flux of exactly 0, since a stored 0 means no measurement."""


@dataclass(frozen=True)
class CutoutHeader:
    """Position, bands, scale, shape and TARGETID of a cutout file, read without its pixels."""

    ra_deg: float
    dec_deg: float
    """ICRS position (`ra_deg`, `dec_deg`) of the centre of the image."""
    bands: tuple[str, ...]
    pixel_scale_arcsec: float
    shape: tuple[int, int, int]
    """Number of bands, rows and columns of the image."""
    target_id: TargetId | None
    """TARGETID in the header; None in files of the Legacy Surveys viewer, which do not state it."""


def read_cutout(url: str) -> Cutout:
    """The cutout in a FITS file of the Legacy Surveys viewer, or of the same format.

    A pixel is masked if it is exactly 0, not finite or BLANK, or if its inverse variance in an
    INVVAR image of the file is not positive. A MASKBITS image is not read. Other units of flux
    (BUNIT) are converted to nanomaggies, and so are the values of files that the viewer resampled
    to another pixel scale: it interpolates them, so that they stay nanomaggies in a pixel of 0.262
    arcsec.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or not a FITS file of a cutout.
    """
    with open_fits(url) as file, np.errstate(all="ignore"):
        layout = find_cutout(file)
        header = _header_of(file, layout)
        planes = [file.image(hdu).reshape(-1, *layout.shape[1:]) for hdu in layout.images]
        mask = np.concatenate(planes) == 0
        per_pixel = _pixels_of_the_survey(file, layout)
        factors = [nanomaggies_per_unit(h.header, where=url) * per_pixel for h in layout.images]
        scaled = [p if f == 1 else p * f for p, f in zip(planes, factors, strict=True)]
        flux = np.concatenate(scaled).astype(np.float32)
        for hdu, rows in layout.invvars:
            mask[rows] |= ~(file.image(hdu) > 0)
    position = (header.pixel_scale_arcsec, header.ra_deg, header.dec_deg)
    try:
        return Cutout(flux, header.bands, *position, mask)
    except InvalidCutoutError as error:
        raise SourceError(f"{url}: {error}") from None


def read_cutout_header(url: str) -> CutoutHeader:
    """Position, bands, scale, shape and TARGETID of a cutout file, without its pixels.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or not a FITS file of a cutout.
    """
    with open_fits(url) as file:
        return _header_of(file, find_cutout(file))


def stated_unit(url: str) -> str:
    """The unit of flux that a cutout file states (BUNIT), '' where it states none."""
    with open_fits(url) as file:
        return find_cutout(file).images[0].header.label("BUNIT")


def write_cutout(path: str | Path, cutout: Cutout, *, target_id: TargetId | None) -> None:
    """Write a cutout in the FITS format of the Legacy Surveys viewer.

    The primary HDU is a cube (n_bands, ny, nx), or a plane for a single band. Its header has the
    keywords BANDS and BAND0, BAND1, ..., a TAN projection about the centre, and TARGETID as text.
    Masked pixels are stored as 0, and a measured 0 as the smallest normal float32, 1.2e-38. The
    file is written atomically; the same input makes the same bytes.

    Parameters
    ----------
    path
        File to be written.
    cutout
        Image with bands, pixel scale and position.
    target_id
        TARGETID of the galaxy for the header; with None the header has no TARGETID.
    """
    flux = np.where(cutout.flux == 0, _MEASURED_ZERO, cutout.flux)
    flux[~cutout.good] = 0.0
    _, ny, nx = flux.shape
    hdu = fits.PrimaryHDU((flux[0] if len(flux) == 1 else flux).astype(">f4"))
    header = hdu.header
    header["IMAGETYP"] = "image"
    header["BANDS"] = "".join(cutout.bands)
    for row, band in enumerate(cutout.bands):
        header[f"BAND{row}"] = band
    scale_deg = cutout.pixel_scale_arcsec / 3600.0
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = float(cutout.ra_deg), float(cutout.dec_deg)
    header["CRPIX1"], header["CRPIX2"] = (nx + 1) / 2, (ny + 1) / 2
    header["CD1_1"], header["CD1_2"] = -scale_deg, 0.0
    header["CD2_1"], header["CD2_2"] = 0.0, scale_deg
    header["IMAGEW"], header["IMAGEH"] = float(nx), float(ny)
    if target_id is not None:
        header["TARGETID"] = str(TargetId(target_id))
    write_fits(path, [hdu])


def _header_of(file: FitsFile, layout: CutoutLayout) -> CutoutHeader:
    _, ny, nx = layout.shape
    ra, dec = layout.plane.sky((nx - 1) / 2, (ny - 1) / 2)
    headers = (layout.images[0].header, file.hdus[0].header)
    stated = [h.get("TARGETID") for h in headers if h.get("TARGETID") is not None]
    target_id = _target_id(file.url, stated[0] if stated else None)
    scale = layout.plane.pixel_scale_arcsec
    return CutoutHeader(ra, dec, layout.bands, scale, layout.shape, target_id)


def _pixels_of_the_survey(file: FitsFile, layout: CutoutLayout) -> float:
    """Area of a pixel of a file of the viewer in pixels of 0.262 arcsec; 1 in other files.

    The viewer names the survey in a card SURVEY. A scale within 1 per cent of that of the survey
    counts as the same, as in `Cutout.regrid`.
    """
    scale = layout.plane.pixel_scale_arcsec / LEGACY_PIXEL_SCALE_ARCSEC
    by_viewer = any("SURVEY" in h for h in (layout.images[0].header, file.hdus[0].header))
    return scale**2 if by_viewer and abs(scale - 1) >= 0.01 else 1.0


def _target_id(url: str, value: object) -> TargetId | None:
    if value is None:
        return None
    try:
        return TargetId(value)
    except InvalidTargetIdError as error:
        raise SourceError(f"{url}: card TARGETID: {error}") from None
