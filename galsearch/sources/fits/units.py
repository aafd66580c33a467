"""Units that the keyword BUNIT of a FITS image states (FITS 4.0, section 4.3)."""

import math
import re
from typing import Any

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.unit_text import parse_unit

_NAMES = {"A": "Angstrom", "Ang": "Angstrom", "Angstroms": "Angstrom", "ergs": "erg", "sec": "s"}
"""Names of units that files have and the standard has not. DESI has no image in amperes (A)."""
_WORD = re.compile(r"[A-Za-z]+")


def unit_factor(header: Header, expected: str, *, where: str) -> float:
    """Factor by which values of an image are multiplied to have the unit `expected`.

    It is 1 where the header states no unit.

    Parameters
    ----------
    header
        Header of the image.
    expected
        Name of the wanted unit, as in FITS.
    where
        Name of file and image in messages.

    Raises
    ------
    SourceError
        Where the stated unit is unknown or cannot be converted.

    Examples
    --------
    >>> header = Header("BUNIT   = 'nm'".ljust(80), where="a.fits")
    >>> unit_factor(header, "Angstrom", where="a.fits")
    10.0
    """
    stated = header.label("BUNIT")
    if stated in ("", expected):
        return 1.0
    # These modules are imported inside the function because most files state the expected unit.
    from astropy.units import UnitConversionError

    try:
        factor = float(_parsed(stated).to(_parsed(expected)))
    except (UnitConversionError, ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise SourceError(f"{where}: BUNIT is {stated!r}; expected {expected}.") from error
    if not 0 < factor < math.inf:
        raise SourceError(f"{where}: BUNIT is {stated!r}; expected {expected}.")
    # 1.0000000000000002 and 10.000000000000002 come from decimal powers.
    return round(factor, 12) if factor > 1e-3 else factor


def _parsed(text: str) -> Any:
    text = _WORD.sub(lambda word: _NAMES.get(word[0], word[0]), text)
    try:
        return parse_unit(text, "fits")
    except ValueError:
        return parse_unit(text)
