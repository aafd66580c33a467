"""Lists of TARGETIDs from files: text, or one column of a CSV, FITS, ECSV or Parquet table."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import InvalidTargetIdError, SourceError
from galsearch.core.target_id import TargetId, parse_target_ids
from galsearch.query.inputs.table_columns import is_local_parquet

_ID_NAMES = ("targetid", "target_id")
_MAGIC_BYTES = 9


def read_ids(path: str | Path, column: str | None = None) -> TargetIds:
    """The TARGETIDs that a file holds, ascending and each once.

    A text holds one TARGETID in each line. The format is recognised by the first bytes. Only the
    TARGETIDs of text, CSV and Parquet files are held in memory.

    Parameters
    ----------
    path
        Path or fsspec URL of the file; gzip (.gz) is decompressed. A Parquet file is on a disk.
    column
        Name of the column of a table, in upper or lower case; by default TARGETID or target_id.

    Returns
    -------
    (n,) int64

    Raises
    ------
    SourceError
        Where the file is missing or damaged, has no such column, or holds what is no TARGETID.
    """
    url = str(path)
    if is_local_parquet(url):
        parts = list(_parquet_ids(url, column))
    else:
        # Imported here: fsspec and astropy would delay every query.
        from galsearch.sources.urls import open_url

        with open_url(url) as file:
            magic = file.read(_MAGIC_BYTES)
            file.seek(0)
            if magic == b"SIMPLE  =" or magic.startswith(b"# %ECSV"):
                parts = [_table_ids(url, column)]
            else:
                parts = [np.fromiter(_text_ids(url, file, column), np.int64)]
    return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))


def _column_name(url: str, names: Sequence[str], column: str | None) -> str:
    """The name in the file of the column with the TARGETIDs."""
    wanted = _ID_NAMES if column is None else (column.lower(),)
    found = [name for name in names if name.strip().lower() in wanted]
    if len(found) != 1:
        raise SourceError(
            f"{url}: {len(found) or 'no'} columns {column or 'TARGETID or target_id'}. Columns: "
            f"{', '.join(names) or '(none)'}."
        )
    return found[0]


def _text_ids(url: str, file: IO[bytes], column: str | None) -> Iterator[int]:
    """TARGETIDs of a text with one in each line, or of a column of a CSV table."""
    lines = io.TextIOWrapper(file, "utf-8-sig", newline="")
    rows = csv.reader(line for line in lines if line.strip() and not line.startswith("#"))
    place: int | None = None
    try:
        for row in rows:
            if place is None:
                place = 0
                if column is not None or len(row) > 1 or not row[0].strip().isdecimal():
                    place = row.index(_column_name(url, row, column))
                    continue
            if len(row) <= place:
                raise SourceError(
                    f"{url}: a row has {len(row)} values; TARGETIDs are in column {place + 1}."
                )
            yield _checked(url, row[place])
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{url}: is no text with a TARGETID in each line ({error}).") from None
    finally:
        lines.detach()


def _parquet_ids(url: str, column: str | None) -> Iterator[TargetIds]:
    """TARGETIDs of a column of a Parquet table, a batch at a time."""
    # Imported here: Parquet is half of what a query costs, and few queries need it.
    import pyarrow as pa

    from galsearch.files.parquet_input import damage_named, open_parquet

    parquet = open_parquet(url, SourceError)
    names = parquet.schema_arrow.names
    name = _column_name(url, names, column)
    batches = parquet.iter_batches(columns=[name])
    while True:
        with damage_named(url, SourceError):
            batch = next(batches, None)
        if batch is None:
            return
        values = batch.column(name)
        if values.null_count:
            raise SourceError(f"{url}: column {name} has {values.null_count:,} missing values.")
        if pa.types.is_integer(values.type):
            yield _checked_array(url, values.to_numpy(zero_copy_only=False))
        else:
            yield _checked_array(url, values.to_pylist())


def _table_ids(url: str, column: str | None) -> TargetIds:
    """TARGETIDs of a column of a FITS or ECSV table."""
    from galsearch.sources.tables import read_table

    if column is None or column.lower() in _ID_NAMES:
        return _checked_array(url, read_table(url, columns=[])["target_id"])
    return _checked_array(url, read_table(url, columns=[column])[column.lower()])


def _checked_array(url: str, values: Any) -> TargetIds:
    try:
        return parse_target_ids(values)
    except InvalidTargetIdError as error:
        raise SourceError(f"{url}: {error}") from None


def _checked(url: str, text: str) -> int:
    try:
        return TargetId(text)
    except InvalidTargetIdError as error:
        raise SourceError(f"{url}: {error}") from None
