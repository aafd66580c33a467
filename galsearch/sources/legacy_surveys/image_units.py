"""Units of the pixels of images (card BUNIT), in nanomaggies per pixel."""

import re

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.unit_text import parse_unit

_AB_ZERO_POINT_JANSKY = 3631.0
_PER_PIXEL = re.compile(r"\s*(/|per)\s*pix(el)?\b", re.IGNORECASE)
_NANOMAGGY = ("", "nanomaggy", "nanomaggies", "nanomaggie", "nmgy")


def nanomaggies_per_unit(header: Header, *, where: str) -> float:
    """Nanomaggies in the unit of flux that a header states; 1 where it states none.

    Parameters
    ----------
    header
        Header of the image.
    where
        Name of the file in messages.

    Raises
    ------
    SourceError
        Where the unit cannot be converted to nanomaggies, such as counts.

    Examples
    --------
    >>> header = Header("BUNIT   = 'uJy     '".ljust(80), where="a.fits")
    >>> round(nanomaggies_per_unit(header, where="a.fits"), 6)
    0.275406
    """
    stated = header.label("BUNIT")
    unit = _PER_PIXEL.sub("", stated).strip()
    if unit.lower() in _NANOMAGGY:
        return 1.0
    # astropy.units takes 0.1 s to import, and images of the surveys do not need it.
    from astropy import units
    from astropy.units import photometric

    names = re.sub(r"maggies?\b", "maggy", unit, flags=re.IGNORECASE)
    nanomaggy = 1e-9 * photometric.maggy
    try:
        with units.add_enabled_units([photometric]):
            parsed = parse_unit(names)
        zero_point = units.zero_point_flux(_AB_ZERO_POINT_JANSKY * units.Jy)
        factor = float(parsed.to(nanomaggy, equivalencies=zero_point))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise SourceError(
            f"{where}: the unit of the image is {stated!r} (card BUNIT), which cannot be converted "
            "to nanomaggies per pixel."
        ) from None
    return factor
