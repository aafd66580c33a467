"""Spectra of SDSS, BOSS and eBOSS in files spec-{plate}-{mjd}-{fibre}.fits.

The table COADD has the columns flux in 1e-17 erg / (s cm2 Angstrom), loglam, the base 10 logarithm
of the wavelength in Angstrom, and ivar, which is 0 for every pixel that was rejected.
"""

from dataclasses import dataclass

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import InvalidSpectrumError, SourceError
from galsearch.core.spectrum import Spectrum, vacuum_wavelengths
from galsearch.sources.fits.fits_file import FitsFile, open_fits
from galsearch.sources.fits.typed_columns import floats

_NEEDED = ("flux", "loglam", "ivar")


@dataclass(frozen=True, eq=False)
class SdssSpectrum:
    """A spectrum of SDSS, and what its file says of the galaxy."""

    spectrum: Spectrum
    """On the pixels of the file, at vacuum wavelengths."""
    in_air: bool
    """True where the file says that its wavelengths are those in air; they were converted."""
    ra_deg: float
    dec_deg: float
    """ICRS position (`ra_deg`, `dec_deg`) of the fibre; NaN where it is not stated."""
    z: float
    """Redshift of the pipeline; NaN where it is not stated."""


def is_sdss_spectrum(file: FitsFile) -> bool:
    """True for a FITS file with a table of a coadded spectrum of SDSS."""
    return any(hdu.is_table and hdu.name == "COADD" for hdu in file.hdus)


def read_sdss_spectrum(url: str) -> SdssSpectrum:
    """The coadded spectrum in a file spec-*.fits of SDSS, BOSS or eBOSS.

    The wavelengths are in vacuum unless the header says VACUUM = F. A pixel of ivar 0 is masked;
    the bits of and_mask and or_mask mark single exposures as well, and are not read.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, cut short, or not a spectrum of SDSS.
    """
    # Values of a damaged file, which are refused below, may be no float32.
    with open_fits(url) as file, np.errstate(all="ignore"):
        table = file.table(file.find("COADD", file_kind="a spectrum of SDSS"))
        columns = {name.lower(): values for name, values in table.items()}
        missing = [name for name in _NEEDED if name not in columns]
        if missing:
            raise SourceError(
                f"{url}: COADD lacks {', '.join(missing)}, so this is not a spectrum of SDSS. "
                f"Columns: {', '.join(table) or '(none)'}."
            )
        where = f"{url}: COADD"
        flux, loglam, ivar = (floats(columns, name, where=where) for name in _NEEDED)
        in_air = file.hdus[0].header.label("VACUUM", "True") == "False"
        ra_deg, dec_deg, z = (_stated(file, name) for name in ("PLUG_RA", "PLUG_DEC", "Z"))
        wavelength: Float64Array = 10.0 ** loglam.astype(np.float64)
        weights = np.where(ivar > 0, ivar, 0).astype(np.float32)
        values = flux.astype(np.float32)
    if in_air:
        wavelength = vacuum_wavelengths(wavelength)
    try:
        spectrum = Spectrum(wavelength, values, weights)
    except InvalidSpectrumError as error:
        raise SourceError(f"{url}: {error}") from None
    return SdssSpectrum(spectrum, in_air, ra_deg, dec_deg, z)


def _stated(file: FitsFile, column: str) -> float:
    """Value of a column in the table of the object (SPECOBJ or SPALL), NaN where there is none."""
    for hdu in file.hdus:
        if hdu.is_table and hdu.name in ("SPECOBJ", "SPALL"):
            found = file.table(hdu, [column])
            if column in found and len(found[column]):
                return float(floats(found, column, where=f"{file.url}: {hdu.name}")[0])
    return float("nan")
