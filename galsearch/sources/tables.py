"""Tables of galaxies with a TARGETID column: labels from any source, and simulation truth."""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.core.target_id import MAX_TARGET_ID
from galsearch.files.content_kind import N_FIRST_BYTES
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.fits.fits_writer import table_hdu, write_fits
from galsearch.sources.table_formats.columnar_table import (
    is_votable,
    read_parquet_table,
    read_votable,
)
from galsearch.sources.table_formats.text_table import ID_NAMES, read_text_table
from galsearch.sources.urls import PARQUET_MAGIC, open_url


def read_table(url: str, columns: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Columns of a FITS, CSV, ECSV, Parquet or VOTable table by name in lower case, id first.

    The format is recognised by the first bytes, not by the name. A column with empty cells or null
    values (TNULL) is a masked array of the type that its other values have; empty text is '', and
    NaN stays NaN. In a FITS file the first table with a TARGETID and the wanted columns is read.

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
        (n, ...) values by column name; target_id is (n,) int64, as in the file, masked where a row
        has none.

    Raises
    ------
    SourceError
        Where the file is missing or not a table, TARGETID is missing or not an integer, a wanted
        column is missing, or two names differ in case only.
    """
    tables = _with_ids(url)
    if columns is None:
        return _one_value_each(tables[0])
    wanted = [name.lower() for name in columns if name.lower() not in ID_NAMES]
    table = next((table for table in tables if all(name in table for name in wanted)), None)
    if table is None:
        known = list(dict.fromkeys(name for table in tables for name in table))
        raise _missing_columns(url, wanted, known, len(tables))
    return {name: table[name] for name in ("target_id", *wanted)}


def read_tables(url: str) -> list[dict[str, npt.NDArray[Any]]]:
    """All tables with a TARGETID of a FITS file, or the table of a file of another kind.

    Each is as `read_table` returns it without named columns. FastSpecFit, for example, has
    redshifts and masses in different tables of one file.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.
    """
    return [_one_value_each(table) for table in _with_ids(url)]


def read_first_table(url: str) -> dict[str, npt.NDArray[Any]]:
    """The columns with one value in each row of a table, of a FITS file its first table.

    Names are those of the file, and no column is required; see `read_table` for missing values.

    Parameters
    ----------
    url
        Path or fsspec URL; gzip (.gz) is decompressed.

    Raises
    ------
    SourceError
        Where the file is missing, damaged or not a table.
    """
    return _one_value_each(next(iter(_all_tables(url).values())))


def _one_value_each(table: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {name: values for name, values in table.items() if values.ndim == 1}


def _with_ids(url: str) -> list[dict[str, npt.NDArray[Any]]]:
    """All tables of a file that have a TARGETID, with names in lower case, target_id first."""
    found = _all_tables(url)
    tables = []
    for columns in found.values():
        if not any(name.lower() in ID_NAMES for name in columns):
            continue
        by_name = _lower_case(url, columns)
        id_name = next(name for name in ID_NAMES if name in by_name)
        tables.append({"target_id": _checked_ids(url, by_name.pop(id_name)), **by_name})
    if not tables:
        raise _no_ids(url, found)
    return tables


def _all_tables(url: str) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """Columns of each table of a FITS file by its name, or of the one table of another file."""
    with open_url(url, also=(PARQUET_MAGIC,)) as file:
        is_fits = file.read(9) == b"SIMPLE  ="
        file.seek(0)
        content = b"" if is_fits else file.read()
    return _read_fits_tables(url) if is_fits else {"": _read_other_table(url, content)}


def _read_other_table(url: str, content: bytes) -> dict[str, npt.NDArray[Any]]:
    if content.startswith(PARQUET_MAGIC):
        return read_parquet_table(url, content)
    if is_votable(content[:N_FIRST_BYTES]):
        return read_votable(url, content)
    return read_text_table(url, content)


def _no_ids(url: str, found: Mapping[str, Mapping[str, Any]]) -> SourceError:
    names = [name for columns in found.values() for name in columns]
    if len(found) == 1:
        return SourceError(
            f"{url}: no column TARGETID or target_id. Columns: {', '.join(names) or '(none)'}."
        )
    listed = "; ".join(f"{hdu}: {', '.join(columns)}" for hdu, columns in found.items())
    return SourceError(f"{url}: no table has a column TARGETID or target_id. Columns: {listed}.")


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


def _read_fits_tables(url: str) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """Columns of each binary table by EXTNAME, or by its number where another has the name."""
    with open_fits(url) as file:
        tables: dict[str, dict[str, npt.NDArray[Any]]] = {}
        for number, hdu in enumerate(file.hdus):
            if hdu.is_table:
                key = hdu.name if hdu.name and hdu.name not in tables else f"HDU {number}"
                tables[key] = file.table(hdu)
        names = ", ".join(name or "(unnamed)" for name in file.names)
    if not tables:
        raise SourceError(f"{url}: holds no table. HDUs: {names}.")
    return tables


def _lower_case(url: str, columns: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    by_name: dict[str, npt.NDArray[Any]] = {}
    for name, values in columns.items():
        if name.lower() in by_name:
            raise SourceError(
                f"{url}: the names of two columns, {name.lower()!r}, differ in case only."
            )
        by_name[name.lower()] = values
    if all(name in by_name for name in ID_NAMES):
        raise SourceError(f"{url}: has both a column TARGETID and a column target_id.")
    return by_name


def _checked_ids(url: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """TARGETIDs as int64, masked where there is none."""
    all_empty = bool(np.ma.getmaskarray(values).all()) and values.size > 0
    integers = (np.issubdtype(values.dtype, np.integer) or all_empty) and values.ndim == 1
    if not integers or np.ma.MaskedArray(values).compressed().max(initial=0) > MAX_TARGET_ID:
        raise SourceError(
            f"{url}: TARGETID is of type {values.dtype}; expected an int64 (a float cannot hold "
            "one exactly)."
        )
    return values.astype(np.int64)


def _missing_columns(url: str, wanted: list[str], known: list[str], n_tables: int) -> SourceError:
    problems = []
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            problems.append(f"{name}" + (f" (did you mean {near[0]}?)" if near else ""))
    if not problems:
        return SourceError(
            f"{url}: the columns {', '.join(wanted)} are in different tables of its {n_tables}."
        )
    return SourceError(f"{url}: no column {', '.join(problems)}. Columns: {', '.join(known)}.")
