"""Image cutouts as the Legacy Surveys viewer serves them: one cube of nanomaggies per pixel.

A pixel that is exactly 0 in a band has no measurement there: noise never is, and the survey's
coadds hold 0 where no exposure reached.
"""

from pathlib import Path

import numpy as np
from astropy.io import fits

from galsearch.core.cutout import Cutout
from galsearch.core.target_id import TargetId
from galsearch.sources.fits_output import write_fits

_MEASURED_ZERO = np.finfo(np.float32).tiny
"""What a measured flux of exactly 0 is stored as, since 0 says that nothing was measured."""


def write_cutout(path: str | Path, cutout: Cutout, *, target_id: TargetId | None) -> None:
    """Write the viewer's FITS cutout: primary cube (n_bands, ny, nx), a plane where one band.

    Keys BANDS, BAND0..., a TAN projection about the centre, and TARGETID as text where given.
    Masked pixels become 0; a measured 0 becomes the least positive float32, 1.2e-38.
    Whole or absent; the same input makes the same bytes.
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
