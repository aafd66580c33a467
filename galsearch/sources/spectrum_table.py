"""Spectra in text tables, CSV or ECSV: a row for each pixel, with units where they are stated."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.arrays import Float64Array
from galsearch.core.errors import SourceError
from galsearch.sources.table_formats.text_table import read_text_table, units_of_ecsv
from galsearch.sources.urls import open_url

_NAMES = {
    "wavelength": ("wavelength", "wave", "lambda", "lam", "wl", "spectral_axis", "loglam"),
    "flux": ("flux", "flux_density", "f_lambda", "flam", "f_nu", "fnu", "spec"),
    "ivar": ("ivar", "inverse_variance", "flux_ivar"),
    "error": ("error", "err", "sigma", "std", "noise", "uncertainty", "flux_err", "flux_error"),
    "variance": ("variance", "var"),
    "mask": ("mask",),
}
"""Names of columns in lower case by what they hold."""
_UNIT_IN_NAME = re.compile(r"\s*(?P<name>[^\[(]*?)\s*[\[(](?P<unit>.*)[\])]\s*")
_UNIT_AT_END = re.compile(r"(?P<name>.+?)_(?P<unit>angstrom|ang|aa|nm|um|micron)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class SpectrumColumns:
    """Columns of a table that holds a spectrum, as they are in the file."""

    values: dict[str, Float64Array]
    """(n,) values of `wavelength`, `flux` and, where the table has them, `ivar`, `error`,
    `variance` and `mask`; NaN where a cell is empty."""
    units: dict[str, str]
    """Units of these columns as text; columns without a unit are absent."""


def read_spectrum_table(url: str) -> SpectrumColumns:
    """The columns of a spectrum in a CSV or ECSV table.

    A column is recognised by its name, such as wavelength, flux and ivar, in upper or lower case.
    An ECSV table states units in its header; in a CSV table a unit may stand in the name, as in
    `wavelength_nm`, `wavelength [nm]` or `flux (Jy)`. Wavelengths in a column `loglam` are base 10
    logarithms of Angstrom.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, no such table, or has no wavelength or no flux.
    """
    with open_url(url) as file:
        content = file.read()
    table = read_text_table(url, content)
    stated = units_of_ecsv(content)
    values: dict[str, Float64Array] = {}
    units: dict[str, str] = {}
    for column in table:
        name, unit = _name_and_unit(column)
        kind = next((kind for kind, names in _NAMES.items() if name in names), None)
        if kind is None:
            continue
        if kind in values:
            raise SourceError(f"{url}: several columns hold the {kind}, such as {column!r}.")
        values[kind] = _numbers(url, column, table[column])
        if name == "loglam":
            values[kind], unit = 10.0 ** values[kind], "Angstrom"
        if unit := stated.get(column, unit):
            units[kind] = unit
    for kind in ("wavelength", "flux"):
        if kind not in values:
            raise SourceError(
                f"{url}: not a spectrum: no column {kind}. Columns: {', '.join(table) or '(none)'}."
            )
    return SpectrumColumns(values, units)


def _name_and_unit(column: str) -> tuple[str, str]:
    """Name of a column in lower case, and the unit that stands in it or ''.

    Examples
    --------
    >>> _name_and_unit("Wavelength [nm]"), _name_and_unit("wave_angstrom"), _name_and_unit("flux")
    (('wavelength', 'nm'), ('wave', 'Angstrom'), ('flux', ''))
    """
    found = _UNIT_IN_NAME.fullmatch(column) or _UNIT_AT_END.fullmatch(column.strip())
    if found is None:
        return column.strip().lower(), ""
    unit = found["unit"].strip()
    return found["name"].lower(), "Angstrom" if unit.lower() in ("angstrom", "ang", "aa") else unit


def _numbers(url: str, column: str, values: npt.NDArray[Any]) -> Float64Array:
    if values.dtype.kind not in "iufb" or values.ndim != 1:
        raise SourceError(
            f"{url}: column {column!r} is of type {values.dtype}; expected a number in each row."
        )
    filled = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    return np.asarray(filled, np.float64)
