"""Tables of galaxies with a TARGETID column: labels from any source, and simulation truth."""

import difflib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import SourceError
from galsearch.core.target_id import MAX_TARGET_ID
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.fits.fits_writer import table_hdu, write_fits
from galsearch.sources.urls import open_url

_ID_NAMES = ("targetid", "target_id")


def read_table(url: str, columns: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Columns of a FITS, CSV or ECSV table by name in lower case, 'target_id' first.

    The format is recognised by the first bytes, not by the name. An empty cell becomes NaN in a
    column of numbers and '' in a column of text. In a FITS file the first table with a TARGETID is
    read.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.
    columns
        Names of the wanted columns, in upper or lower case; TARGETID is always included. By
        default every column with one value in each row is read; columns of arrays must be named.

    Returns
    -------
    dict
        (n, ...) values by column name; target_id is (n,) int64, as in the file.

    Raises
    ------
    SourceError
        Where the file is missing or not a table, TARGETID is missing or not an integer, a wanted
        column is missing, or two names differ in case only.
    """
    with open_url(url) as file:
        is_fits = file.read(9) == b"SIMPLE  ="
    found = _read_fits_table(url) if is_fits else _read_text_table(url)
    by_name = _lower_case(url, found)
    id_name = next((name for name in _ID_NAMES if name in by_name), None)
    if id_name is None:
        raise SourceError(
            f"{url}: no column TARGETID or target_id. Columns: {', '.join(found) or '(none)'}."
        )
    ids = _checked_ids(url, by_name.pop(id_name))
    if columns is None:
        wanted = [name for name, values in by_name.items() if values.ndim == 1]
    else:
        wanted = [name.lower() for name in columns if name.lower() not in _ID_NAMES]
        _check_wanted(url, wanted, by_name)
    return {"target_id": ids, **{name: by_name[name] for name in wanted}}


def write_truth(path: str | Path, columns: Mapping[str, npt.ArrayLike]) -> None:
    """Write true parameters of simulated galaxies as a FITS table with EXTNAME TRUTH.

    The file is written atomically; the same input makes the same bytes.

    Parameters
    ----------
    path
        File to be written.
    columns
        (n,) values by column name; TARGETID is required.

    Raises
    ------
    SourceError
        Where TARGETID is missing or not an integer, or lengths differ; nothing is written.
    """
    ids = np.asarray(columns.get("TARGETID", 0.0))
    if not np.issubdtype(ids.dtype, np.integer):
        raise SourceError(
            f"{path}: a truth table needs an integer column TARGETID; found columns "
            f"{', '.join(columns) or '(none)'}. Nothing was written."
        )
    truth = table_hdu("TRUTH", {**columns, "TARGETID": ids.astype(np.int64)}, where=str(path))
    write_fits(path, [fits.PrimaryHDU(), truth])


def _read_fits_table(url: str) -> dict[str, npt.NDArray[Any]]:
    with open_fits(url) as file:
        tables = [file.table(hdu) for hdu in file.hdus if hdu.is_table]
        names = ", ".join(name or "(unnamed)" for name in file.names)
    if not tables:
        raise SourceError(f"{url}: holds no table. HDUs: {names}.")
    with_ids = (t for t in tables if any(name.lower() in _ID_NAMES for name in t))
    return next(with_ids, tables[0])


def _read_text_table(url: str) -> dict[str, npt.NDArray[Any]]:
    # These modules are imported inside the function because FITS files are read without astropy's
    # tables and units.
    from astropy.table import Table
    from astropy.units import UnitsWarning

    with open_url(url) as file:
        content = file.read()
    try:
        text = content.decode("utf-8")
        kind = "ecsv" if text.startswith("# %ECSV") else "csv"
        with warnings.catch_warnings():
            # Warnings about units are ignored because the units of labels are not used.
            warnings.simplefilter("ignore", UnitsWarning)
            table = Table.read(text.splitlines(), format=f"ascii.{kind}")
    except (ValueError, TypeError, KeyError, IndexError) as error:
        reason = str(error).strip().splitlines()
        raise SourceError(
            f"{url}: not a FITS, CSV or ECSV table ({reason[0] if reason else 'empty'})."
        ) from error
    return {name: _filled(table[name]) for name in table.colnames}


def _filled(column: Any) -> npt.NDArray[Any]:
    """Values of a column of an astropy table, with '' or NaN in place of empty cells."""
    empty = getattr(column, "mask", None)
    values = np.asarray(getattr(column, "data", column))
    if empty is None or not np.any(empty):
        return np.asarray(np.ma.getdata(values))
    values = np.ma.getdata(values)
    if values.dtype.kind in "US":
        return np.where(empty, "", values)
    return np.where(empty, np.nan, values.astype(np.float64))


def _lower_case(url: str, columns: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    by_name: dict[str, npt.NDArray[Any]] = {}
    for name, values in columns.items():
        if name.lower() in by_name:
            raise SourceError(
                f"{url}: the names of two columns, {name.lower()!r}, differ in case only."
            )
        by_name[name.lower()] = values
    if all(name in by_name for name in _ID_NAMES):
        raise SourceError(f"{url}: has both a column TARGETID and a column target_id.")
    return by_name


def _checked_ids(url: str, values: npt.NDArray[Any]) -> TargetIds:
    integers = np.issubdtype(values.dtype, np.integer) and values.ndim == 1
    if not integers or (values.size and values.max() > MAX_TARGET_ID):
        raise SourceError(
            f"{url}: TARGETID is of type {values.dtype}; expected an int64 in every "
            "row (a float cannot hold one exactly)."
        )
    return values.astype(np.int64)


def _check_wanted(url: str, wanted: list[str], by_name: dict[str, npt.NDArray[Any]]) -> None:
    problems = []
    for name in wanted:
        if name not in by_name:
            near = difflib.get_close_matches(name, by_name, n=1)
            problems.append(f"{name}" + (f" (did you mean {near[0]}?)" if near else ""))
    if problems:
        raise SourceError(
            f"{url}: no column {', '.join(problems)}. Columns: target_id, {', '.join(by_name)}."
        )
