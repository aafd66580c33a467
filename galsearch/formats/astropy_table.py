"""Conversion of Arrow tables to Astropy tables, with units, descriptions and masks."""

from typing import Any

import numpy as np
import pyarrow as pa
from astropy.table import Column, MaskedColumn, Table

from galsearch.formats.columns.column_descriptions import description_of
from galsearch.formats.columns.plain_columns import plain_table
from galsearch.formats.columns.unit_notation import parse_unit

__all__ = ["Table", "astropy_table"]


def astropy_table(table: pa.Table) -> Table:
    """The Astropy table with the rows of an Arrow table; missing values are masked.

    Columns have their units and descriptions, and their UCD as `meta["ucd"]`. A column with a
    missing value is a `MaskedColumn`, and its other values are exact, whole numbers too. Metadata
    of the schema are those of the table.

    Examples
    --------
    >>> rows = pa.table({"target_id": pa.array([2**53 + 1, None])})
    >>> astropy_table(rows)["target_id"].tolist()
    [9007199254740993, None]
    """
    table = plain_table(table)
    columns = [
        _column(field, column) for field, column in zip(table.schema, table.columns, strict=True)
    ]
    metadata = table.schema.metadata or {}
    meta = {
        key.decode("utf-8", "replace"): value.decode("utf-8", "replace")
        for key, value in metadata.items()
    }
    return Table(columns, meta=meta, copy=False)


def _column(field: pa.Field, column: pa.ChunkedArray) -> Column:
    meaning = description_of(field)
    options: dict[str, Any] = {
        "name": field.name,
        "unit": parse_unit(meaning.unit),
        "description": meaning.description or None,
        "meta": {"ucd": meaning.ucd} if meaning.ucd else None,
    }
    filled = column.fill_null(_filler(field.type)) if column.null_count else column
    if pa.types.is_string(field.type):
        values = np.array(filled.to_pylist(), "U" if len(filled) else "U1")
    else:
        values = np.asarray(filled)
    if not column.null_count:
        return Column(values, **options)
    return MaskedColumn(values, mask=np.asarray(column.is_null()), **options)


def _filler(kind: pa.DataType) -> pa.Scalar:
    """The value behind a masked one."""
    if pa.types.is_string(kind):
        return pa.scalar("")
    return pa.scalar(False if pa.types.is_boolean(kind) else 0, kind)
