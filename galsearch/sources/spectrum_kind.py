"""Kinds of FITS files that hold spectra, recognised by their HDUs."""

from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.sdss.spec_file import is_sdss_spectrum


def spectrum_kind(url: str) -> str | None:
    """The kind of a FITS file of spectra or redshifts in words; None for another FITS file.

    Raises
    ------
    SourceError
        Where the file is missing, cut short or not a FITS file.
    """
    with open_fits(url) as file:
        names = set(file.names)
        if is_sdss_spectrum(file):
            return "a spectrum of SDSS"
        if "REDSHIFTS" in names or "ZBEST" in names:
            return "redshifts of redrock"
        if "FIBERMAP" in names and any("_FLUX" in name for name in names):
            return "spectra of DESI"
    return None
