"""CSV and ECSV files of any number of rows, written a chunk of rows at a time."""

import csv
import io
from collections.abc import Iterable
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from galsearch.formats.columns.plain_columns import plain_schema, plain_table


def write_csv(schema: pa.Schema, chunks: Iterable[pa.Table], sink: BinaryIO) -> None:
    """Write a CSV file in UTF-8, with a line of column names.

    A missing value is an empty field, an empty text is `""`, and NaN is `nan`. Whole numbers have
    all their digits.

    Parameters
    ----------
    schema
        Schema of the rows.
    chunks
        The rows, in tables of this schema.
    sink
        An open binary file.
    """
    names = io.StringIO()
    csv.writer(names, lineterminator="\n").writerow(schema.names)
    sink.write(names.getvalue().encode("utf-8"))
    _write_rows(map(plain_table, chunks), plain_schema(schema), sink)


def write_ecsv(schema: pa.Schema, chunks: Iterable[pa.Table], sink: BinaryIO) -> None:
    """Write an ECSV file (enhanced CSV of Astropy), with units, UCDs and descriptions.

    Missing numbers are masked when Astropy reads them, and NaN is NaN. A missing text and an empty
    one are both read as masked, and blanks around a text are dropped.

    Parameters
    ----------
    schema
        Schema of the rows; see `galsearch.formats.columns.column_descriptions`.
    chunks
        The rows, in tables of this schema.
    sink
        An open binary file.
    """
    # Imported here: CSV needs no Astropy.
    from galsearch.formats.astropy_table import astropy_table

    header = io.StringIO()
    astropy_table(schema.empty_table()).write(header, format="ascii.ecsv", delimiter=",")
    sink.write(header.getvalue().encode("utf-8"))
    _write_rows(map(plain_table, chunks), plain_schema(schema), sink)


def _write_rows(chunks: Iterable[pa.Table], schema: pa.Schema, sink: BinaryIO) -> None:
    """Write lines of separated values; booleans are `True` and `False`, as ECSV wants them."""
    fields = [
        field.with_type(pa.string()) if pa.types.is_boolean(field.type) else field
        for field in schema
    ]
    options = arrow_csv.WriteOptions(include_header=False)
    with arrow_csv.CSVWriter(
        pa.PythonFile(sink, "w"), pa.schema(fields), write_options=options
    ) as writer:
        for chunk in chunks:
            columns = [
                pc.if_else(column, "True", "False") if pa.types.is_boolean(column.type) else column
                for column in chunk.columns
            ]
            writer.write(pa.table(columns, schema=pa.schema(fields)))
