"""Writing of tables in any of the formats, to a file or to a stream."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, TypeAlias

import pyarrow as pa

from galsearch.core.errors import OutputFileExistsError, TableFormatError
from galsearch.files.atomic import new_binary_file

_Writer: TypeAlias = Callable[[pa.Schema, Iterable[pa.Table], BinaryIO], None]


class TableFormat(StrEnum):
    """Formats of files in which tables are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    FITS = "fits"
    ECSV = "ecsv"
    VOTABLE = "votable"

    @property
    def is_binary(self) -> bool:
        """True where a file holds bytes that are not text."""
        return self in (TableFormat.PARQUET, TableFormat.FITS)


SUFFIXES = {
    ".jsonl": TableFormat.JSONL,
    ".ndjson": TableFormat.JSONL,
    ".csv": TableFormat.CSV,
    ".parquet": TableFormat.PARQUET,
    ".pq": TableFormat.PARQUET,
    ".fits": TableFormat.FITS,
    ".fit": TableFormat.FITS,
    ".ecsv": TableFormat.ECSV,
    ".vot": TableFormat.VOTABLE,
    ".votable": TableFormat.VOTABLE,
    ".xml": TableFormat.VOTABLE,
}
"""The format of a file by the end of its name."""


def format_of_file(path: Path) -> TableFormat:
    """The format of a table by the end of the name of its file.

    Raises
    ------
    TableFormatError
        Where the name ends otherwise.

    Examples
    --------
    >>> format_of_file(Path("neighbours.vot")).value
    'votable'
    """
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise TableFormatError(
            f"{path}: no table format belongs to a name that ends so; known are "
            f"{', '.join(SUFFIXES)}.",
            path=path,
        )
    return found


def named_format(name: str) -> TableFormat:
    """The format of a name, such as `csv`.

    Raises
    ------
    TableFormatError
        Where no format has this name.
    """
    try:
        return TableFormat(name)
    except ValueError:
        raise TableFormatError(f"format is {name!r}, which is not known.") from None


def require_writable(path: Path, *, overwrite: bool) -> None:
    """Check that a file may be written: it does not exist, or is a file that may be replaced.

    Raises
    ------
    OutputFileExistsError
        Where there is a file that must not be overwritten, or a directory.
    """
    if path.is_dir():
        raise OutputFileExistsError(f"{path}: is a directory, not a file.", path=path)
    if path.exists() and not overwrite:
        raise OutputFileExistsError(f"{path}: the file exists already.", path=path)


def export_table(
    schema: pa.Schema,
    chunks: Iterable[pa.Table],
    sink: BinaryIO,
    table_format: TableFormat,
) -> None:
    """Write a table to an open binary file, which need not be seekable.

    Parameters
    ----------
    schema
        Schema of the rows; see `galsearch.formats.columns.column_descriptions`.
    chunks
        The rows, in tables of this schema; one is in memory at a time.
    sink
        An open binary file.
    table_format
        The format.

    Raises
    ------
    TableFormatError
        Where the format cannot hold the table.
    """
    _writer(table_format)(schema, chunks, sink)


def export_table_file(
    path: Path,
    schema: pa.Schema,
    chunks: Iterable[pa.Table],
    *,
    table_format: TableFormat | None = None,
    overwrite: bool = False,
) -> None:
    """Write a table to a file, atomically; see `export_table`.

    Parameters
    ----------
    path
        The file.
    table_format
        The format; by default the one of the end of the name.
    overwrite
        Replace a file that is there.

    Raises
    ------
    OutputFileExistsError
        Where the file exists and may not be replaced.
    TableFormatError
        Where no format belongs to the name, or the format cannot hold the table.
    WriteError
        Where the file cannot be written.
    """
    table_format = table_format or format_of_file(path)
    require_writable(path, overwrite=overwrite)
    with new_binary_file(path) as sink:
        export_table(schema, chunks, sink, table_format)


def _writer(table_format: TableFormat) -> _Writer:
    """The function that writes a format; each loads its own library."""
    if table_format is TableFormat.FITS:
        from galsearch.formats.fits_table import write_fits_table as writer
    elif table_format is TableFormat.VOTABLE:
        from galsearch.formats.votable_writer import write_votable as writer
    elif table_format is TableFormat.ECSV:
        from galsearch.formats.separated_values import write_ecsv as writer
    elif table_format is TableFormat.CSV:
        from galsearch.formats.separated_values import write_csv as writer
    elif table_format is TableFormat.PARQUET:
        from galsearch.formats.parquet_rows import write_parquet as writer
    else:
        from galsearch.formats.json_lines import write_json_lines as writer
    return writer
