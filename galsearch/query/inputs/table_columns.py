"""Columns of a table of any format that a user gives: CSV, ECSV, FITS or Parquet."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from galsearch.core.errors import SourceError


def read_columns(url: str) -> dict[str, npt.NDArray[Any]]:
    """Columns with one value in each row, by the name that they have in the file.

    Parameters
    ----------
    url
        Path or fsspec URL of a CSV, ECSV or FITS table, or path of a Parquet table.

    Raises
    ------
    SourceError
        Where the file is missing, damaged or no table.
    """
    if is_local_parquet(url):
        return _parquet_columns(url)
    # Imported here: astropy would delay every query.
    from galsearch.sources import read_first_table

    return read_first_table(url)


def is_local_parquet(url: str) -> bool:
    """True for the path of a file that begins as Parquet files do."""
    try:
        with Path(url).open("rb") as file:
            return file.read(4) == b"PAR1"
    except (OSError, ValueError):
        return False  # a URL, or a file that cannot be opened, about which its reader says more


def _parquet_columns(url: str) -> dict[str, npt.NDArray[Any]]:
    # Imported here: Parquet is half of what a query costs, and few queries need it.
    import pyarrow as pa

    from galsearch.files.parquet_input import damage_named, open_parquet

    parquet = open_parquet(url, SourceError)
    flat = [f.name for f in parquet.schema_arrow if not pa.types.is_nested(f.type)]
    with damage_named(url, SourceError):
        table = parquet.read(columns=flat)
    columns: dict[str, npt.NDArray[Any]] = {}
    for name in flat:
        values = table.column(name).combine_chunks()
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            columns[name] = np.array(values.fill_null("").to_pylist(), str)
        else:
            missing = np.asarray(values.is_null())
            # A whole number with missing ones would become a float, which has fewer digits.
            filled = values.fill_null(0) if pa.types.is_integer(values.type) else values
            plain = filled.to_numpy(zero_copy_only=False)
            columns[name] = np.ma.MaskedArray(plain, missing) if missing.any() else plain
    return columns
