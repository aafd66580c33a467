"""Positions of objects by their names: designations, a table of the user, or Sesame."""

import re
from pathlib import Path

import numpy as np

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import UnknownNameError
from galsearch.query.inputs.sky.name_table import NameTable
from galsearch.query.inputs.sky.sky_position import parse_positions

_DEGREES = re.compile(r"(?:DESI\s*)?J(\d{1,3}\.\d{3,})([+-]\d{1,2}\.\d{3,})", re.IGNORECASE)
_SEXAGESIMAL = re.compile(
    r"(?:\w+[\s-]+)?J(\d\d)(\d\d)(\d\d(?:\.\d+)?)([+-]\d\d)(\d\d)(\d\d(?:\.\d+)?)", re.IGNORECASE
)
_TIMEOUT_SECONDS = 10


def resolve_name(name: str, names: str | Path | NameTable | None = None) -> Float64Array:
    """(1, 2) right ascension and declination in degrees of the object with a name.

    A designation that holds a position, such as "DESI J150.1234+02.3456" or "SDSS
    J100024.01+021200.5", is read. With a table, the name is looked up in it, without regard to
    upper case and blanks. Otherwise the service Sesame (SIMBAD, NED and VizieR) is asked.

    Parameters
    ----------
    name
        Name of the object.
    names
        A CSV, ECSV, FITS or Parquet table with columns name, ra_deg and dec_deg (or RA, Dec), or
        one that was read before.

    Raises
    ------
    UnknownNameError
        Where the table or Sesame does not know the name, or Sesame cannot be reached.
    SourceError
        Where the table is missing or has no such columns.

    Examples
    --------
    >>> resolve_name("SDSS J100024.00-001230.0").round(5)
    array([[150.1    ,  -0.20833]])
    """
    if names is not None:
        table = names if isinstance(names, NameTable) else NameTable(names)
        return table.position(name)
    position = designated_position(name)
    return _from_sesame(name) if position is None else position


def designated_position(name: str) -> Float64Array | None:
    """(1, 2) the position in degrees that a designation holds; None where it holds none.

    Examples
    --------
    >>> designated_position("DESI J150.1234+02.3456"), designated_position("NGC 5194")
    (array([[150.1234,   2.3456]]), None)
    """
    if found := _DEGREES.fullmatch(name.strip()):
        return parse_positions((float(found[1]), float(found[2])))
    if found := _SEXAGESIMAL.fullmatch(name.strip()):
        return parse_positions(f"{':'.join(found.group(1, 2, 3))} {':'.join(found.group(4, 5, 6))}")
    return None


def _from_sesame(name: str) -> Float64Array:
    # Imported here: astropy takes longer to import than a query needs.
    from astropy.coordinates import name_resolve
    from astropy.utils.data import conf

    try:
        with conf.set_temp("remote_timeout", _TIMEOUT_SECONDS):
            found = name_resolve.get_icrs_coordinates(name)
    except (name_resolve.NameResolveError, OSError) as error:
        text = " ".join(str(error).split())
        if "Unable to find coordinates" in text:
            raise UnknownNameError(f"Sesame knows no object {name!r}.", name=name) from None
        raise UnknownNameError(
            f"the position of {name!r} is not known here, and the service Sesame, which may know "
            "it, cannot be reached.",
            name=name,
        ) from error
    return parse_positions((float(np.float64(found.ra.deg)), float(found.dec.deg)))
