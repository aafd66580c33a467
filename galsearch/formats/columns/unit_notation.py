"""Units of columns in the notations of FITS and of the Virtual Observatory."""

import warnings
from functools import lru_cache
from typing import Literal

from astropy.units import Unit, UnitBase, UnitsWarning

from galsearch.sources.fits.unit_text import parse_unit as parse_stated_unit


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> UnitBase | None:
    """The unit that a text names; None where there is none, or where astropy knows no such unit.

    Examples
    --------
    >>> parse_unit("km.s**-1"), parse_unit("furlong per fortnight")
    (Unit("km / s"), None)
    """
    if not text.strip():
        return None
    try:
        return parse_stated_unit(text)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def unit_text(text: str, notation: Literal["fits", "vounit"]) -> str:
    """A unit in the notation of FITS or of the Virtual Observatory; empty if it has none there.

    A unit that the notation has abandoned is written in those of the SI.

    Examples
    --------
    >>> unit_text("km / s", "vounit"), unit_text("Angstrom", "vounit"), unit_text("parsnip", "fits")
    ('km.s**-1', '1e-10m', '')
    """
    unit = parse_unit(text)
    if unit is None:
        return ""
    for is_si in (False, True):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UnitsWarning)
                found = (unit.decompose() if is_si else unit).to_string(notation)
                Unit(found, format=notation)
                return str(found)
        except (UnitsWarning, TypeError, ValueError):
            continue
    return ""
