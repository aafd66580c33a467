"""Catalogues: truth beside a simulated survey, and label tables of any origin."""

import difflib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.core.target_id import MAX_TARGET_ID
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.fits.fits_writer import table_hdu, write_fits
from galsearch.sources.urls import open_url

_ID_NAMES = ("targetid", "target_id")


def read_table(url: str, columns: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Columns of a FITS, CSV or ECSV table of galaxies, 'target_id' first, names in lower case.

    Which of the three it is shows in the first bytes, not in the name. An empty cell is NaN in a
    column of numbers and '' in one of text. In FITS the first table with a TARGETID is read.

    Parameters
    ----------
    url
        Path or fsspec URL; .gz is understood.
    columns
        Those wanted, in any case, TARGETID always among them. Default: every column that holds
        one value a row; columns of arrays must be asked for.

    Returns
    -------
    dict
        Name -> (n, ...) values; target_id (n,) int64, as the file has them.

    Raises
    ------
    SourceError
        Where the file is missing or no table, TARGETID is missing or not of integers, a wanted
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
    """Write a FITS table, EXTNAME TRUTH, with what is true of simulated galaxies.

    Whole or absent; the same input makes the same bytes.

    Parameters
    ----------
    path
        File to make.
    columns
        Column name -> (n,) values; TARGETID must be among them.

    Raises
    ------
    SourceError
        Where TARGETID is missing or not of integers, or lengths differ; nothing is written.
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
    # Imported here: a survey's FITS files are read without astropy's tables and units.
    from astropy.table import Table
    from astropy.units import UnitsWarning

    with open_url(url) as file:
        content = file.read()
    try:
        text = content.decode("utf-8")
        kind = "ecsv" if text.startswith("# %ECSV") else "csv"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitsWarning)  # units of labels are not used
            table = Table.read(text.splitlines(), format=f"ascii.{kind}")
    except (ValueError, TypeError, KeyError, IndexError) as error:
        reason = str(error).strip().splitlines()
        raise SourceError(
            f"{url}: not a FITS, CSV or ECSV table ({reason[0] if reason else 'empty'})."
        ) from error
    return {name: _without_gaps(table[name]) for name in table.colnames}


def _without_gaps(column: Any) -> npt.NDArray[Any]:
    gaps = getattr(column, "mask", None)
    values = np.asarray(getattr(column, "data", column))
    if gaps is None or not np.any(gaps):
        return np.asarray(np.ma.getdata(values))
    values = np.ma.getdata(values)
    if values.dtype.kind in "US":
        return np.where(gaps, "", values)
    return np.where(gaps, np.nan, values.astype(np.float64))


def _lower_case(url: str, columns: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    by_name: dict[str, npt.NDArray[Any]] = {}
    for name, values in columns.items():
        if name.lower() in by_name:
            raise SourceError(f"{url}: two columns are called {name.lower()!r} but for case.")
        by_name[name.lower()] = values
    if all(name in by_name for name in _ID_NAMES):
        raise SourceError(f"{url}: has both TARGETID and target_id; one of them must go.")
    return by_name


def _checked_ids(url: str, values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    integers = np.issubdtype(values.dtype, np.integer) and values.ndim == 1
    if not integers or (values.size and values.max() > MAX_TARGET_ID):
        raise SourceError(
            f"{url}: TARGETID is of type {values.dtype}; expected int64 in every row (a float "
            "cannot hold one exactly)."
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
