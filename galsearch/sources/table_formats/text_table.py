"""Tables in CSV and ECSV, with exact integers and with masks where a cell is empty."""

import codecs
import csv
import io
import itertools
import re
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import SourceError
from galsearch.sources.fits.unit_text import check_unit_text

ID_NAMES = ("targetid", "target_id")
"""Names of the column of TARGETIDs, in lower case."""
_NO_VALUE = ("", "nan", "NaN", "NAN", "-nan", "null", "NULL", "<NA>", "--")
"""Cells without a value, as pandas, astropy, SQL servers and spreadsheets write them."""
_NO_NUMBER = (*_NO_VALUE, "NA", "N/A", "n/a", "#N/A", "None", "masked")
"""Further cells without a value in columns of numbers; in a column of text they are text."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_REAL = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|Inf|infinity|Infinity)"
)
_LOGICALS = {
    "True": True,
    "true": True,
    "TRUE": True,
    "False": False,
    "false": False,
    "FALSE": False,
}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def read_text_table(url: str, content: bytes) -> dict[str, npt.NDArray[Any]]:
    r"""Columns of a CSV or ECSV table by name; masked arrays where cells are empty.

    Parameters
    ----------
    url
        Name of the file in messages.
    content
        Bytes of the file, in UTF-8, or in UTF-16 with a byte order mark.

    Returns
    -------
    dict
        (n,) values by column name. A column of a CSV is int64 (uint64 beyond), float64, bool or
        text. Integers that no 64 bits hold, or that stand beside fractions and have more digits
        than float64, are returned as text, so that no digit is lost.

    Raises
    ------
    SourceError
        Where the content is no such table.

    Examples
    --------
    >>> read_text_table("a.csv", b"TARGETID,z\n39627848784286003,0.5\n7,\n")["z"].tolist()
    [0.5, None]
    """
    try:
        text = _decoded(content)
        if text.startswith("# %ECSV"):
            return _ecsv(text)
        return _csv(url, text)
    except SourceError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, csv.Error) as error:
        reason = str(error).strip().splitlines()
        raise SourceError(
            f"{url}: not a FITS, CSV or ECSV table ({reason[0] if reason else 'empty'})."
        ) from error


def _other_separator(header: list[str]) -> str:
    """Separator by which a header splits into a TARGETID and other names, in words, or ''."""
    for separator, words in _SEPARATORS.items():
        parts = [part.strip(' "').lower() for part in ",".join(header).split(separator)]
        if len(parts) > 1 and any(name in parts for name in ID_NAMES):
            return words
    return ""


def _decoded(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def units_of_ecsv(content: bytes) -> dict[str, str]:
    """Units as text of the columns of an ECSV table that state one; {} for a CSV table.

    Parameters
    ----------
    content
        Bytes of a table that `read_text_table` reads.
    """
    text = _decoded(content)
    if not text.startswith("# %ECSV"):
        return {}
    table = _ecsv_table(text)
    return {name: str(table[name].unit) for name in table.colnames if table[name].unit}


def _ecsv(text: str) -> dict[str, npt.NDArray[Any]]:
    table = _ecsv_table(text)
    return {name: _plain(table[name]) for name in table.colnames}


def _ecsv_table(text: str) -> Any:
    """The table of astropy in a text."""
    # These modules are imported inside the function because FITS and CSV are read without astropy's
    # tables and units.
    from astropy.table import Table
    from astropy.units import UnitsWarning

    with warnings.catch_warnings():
        # Warnings about units are ignored because the units of labels are not used.
        warnings.simplefilter("ignore", UnitsWarning)
        try:
            _check_units(text)
            return Table.read(text.splitlines(), format="ascii.ecsv")
        except Exception as error:
            # The reader of the YAML header raises exceptions of many kinds.
            raise ValueError(str(error)) from error


def _check_units(text: str) -> None:
    """Check the units that the header of an ECSV table states, before astropy parses them."""
    import yaml  # a dependency of astropy, which reads the header with it

    header = itertools.takewhile(lambda line: line.startswith("#"), text.splitlines())
    tokens = list(yaml.scan("\n".join(line[2:] for line in header if not line.startswith("# %"))))
    for key, token in zip(tokens, tokens[2:], strict=False):
        if getattr(key, "value", "") != "unit":
            continue
        if isinstance(token, yaml.AliasToken):
            raise ValueError("a unit is a reference to another text")  # noqa: TRY004
        if isinstance(token, yaml.ScalarToken):
            check_unit_text(token.value)


def _plain(column: Any) -> npt.NDArray[Any]:
    """Values of a column of an astropy table, masked where cells are empty."""
    empty = getattr(column, "mask", None)
    values = np.asarray(np.ma.getdata(getattr(column, "data", column)))
    return np.ma.MaskedArray(values, empty) if empty is not None and np.any(empty) else values


def _csv(url: str, text: str) -> dict[str, npt.NDArray[Any]]:
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    if not rows:
        raise ValueError("empty")
    names = [name.strip() for name in rows.pop(0)]
    separator = _other_separator(names)
    if separator:
        raise SourceError(f"{url}: the columns are separated by {separator}; expected commas.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"several columns have the name {repeated[0]!r}")
    for number, row in enumerate(rows):
        if len(row) > len(names):
            raise ValueError(f"row {number + 1} has {len(row)} cells for {len(names)} columns")
        row.extend([""] * (len(names) - len(row)))
    cells = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {name: _typed(column) for name, column in zip(names, cells, strict=True)}


def _typed(cells: tuple[str, ...]) -> npt.NDArray[Any]:
    """Values of a column of a CSV in the first type that holds all of them exactly."""
    stripped = [cell.strip() for cell in cells]
    empty = np.array([cell in _NO_NUMBER for cell in stripped], bool)
    values = [cell for cell in stripped if cell not in _NO_NUMBER]
    kind = _kind(values)
    if kind is None:
        return np.array(["" if cell in _NO_VALUE else cell for cell in stripped], str)
    full: npt.NDArray[Any] = np.zeros(len(cells), kind)
    if kind is bool:
        full[~empty] = [_LOGICALS[value] for value in values]
    elif values:
        full[~empty] = np.array([(float if kind is np.float64 else int)(v) for v in values], kind)
    return np.ma.MaskedArray(full, empty) if empty.any() else full


def _kind(values: list[str]) -> type | None:
    """Type of cells that have a value, None for text."""
    if not values:
        return np.float64
    if all(map(_INTEGER.fullmatch, values)):
        numbers = [int(value) for value in values]
        for kind in (np.int64, np.uint64):
            if np.iinfo(kind).min <= min(numbers) and max(numbers) <= np.iinfo(kind).max:
                return kind
        return None
    if all(map(_REAL.fullmatch, values)):
        integers = [value for value in values if _INTEGER.fullmatch(value)]
        return np.float64 if all(int(float(v)) == int(v) for v in integers) else None
    return bool if all(value in _LOGICALS for value in values) else None
