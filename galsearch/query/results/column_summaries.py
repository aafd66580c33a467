"""Summaries of catalogue columns: type, unit, range, and the values of columns with few."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from galsearch.core.errors import ManifestError
from galsearch.files.parquet_input import damage_named
from galsearch.formats.columns.column_descriptions import described, description_of
from galsearch.index.search.galaxy_index import GalaxyIndex

MAX_VALUES = 50
"""Columns of texts with more different values are summarised without them."""


@dataclass(frozen=True)
class ColumnSummary:
    """Type, range and values of a column of a catalogue."""

    name: str
    type: str
    """number, integer, text, boolean, time or other."""
    unit: str
    description: str
    minimum: Any
    maximum: Any
    """Smallest and largest value of numbers and times; None for others, or without a value."""
    values: dict[Any, int] | None
    """Number of galaxies by value of a text or boolean, the most frequent first; None for others,
    and for more than `MAX_VALUES` values. Missing values are not counted."""


def summarise_columns(index: GalaxyIndex) -> list[ColumnSummary]:
    """A summary of each column of the catalogue of an index, in the order of its files.

    Galaxies that were removed since the index was built are counted until it is compacted.

    Raises
    ------
    ManifestError
        Where a file is damaged.
    """
    with index.catalogue_files.open() as files:
        tables = [_File(part.file, str(getattr(part.file, "name", "catalogue"))) for part in files]
        fields: dict[str, pa.Field] = {}
        for table in tables:
            fields |= {field.name: field for field in table.schema if field.name not in fields}
        return [_summary(field, tables) for field in fields.values()]


class _File:
    """One Parquet file of the catalogue."""

    def __init__(self, file: Any, name: str) -> None:
        self._name = name
        with damage_named(name, ManifestError):
            self._parquet = pq.ParquetFile(file, page_checksum_verification=True)
            self.schema: pa.Schema = self._parquet.schema_arrow

    def column(self, name: str) -> pa.ChunkedArray | None:
        if name not in self.schema.names:
            return None
        with damage_named(self._name, ManifestError):
            return self._parquet.read(columns=[name]).column(0)


def _summary(field: pa.Field, tables: list[_File]) -> ColumnSummary:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    name = _type_name(kind)
    meaning = description_of(described(field))
    columns = [column for table in tables if (column := table.column(field.name)) is not None]
    low = high = values = None
    if name in ("number", "integer", "time"):
        low, high = _range(columns)
    elif name in ("text", "boolean"):
        values = _counts(columns)
    return ColumnSummary(field.name, name, meaning.unit, meaning.description, low, high, values)


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    return "time" if pa.types.is_temporal(kind) else "other"


def _range(columns: list[pa.ChunkedArray]) -> tuple[Any, Any]:
    """The smallest and the largest finite value."""
    found: list[Any] = []
    for column in columns:
        if pa.types.is_floating(column.type):
            numbers = column.to_numpy()
            numbers = numbers[np.isfinite(numbers)]
            found += [float(numbers.min()), float(numbers.max())] if len(numbers) else []
        else:
            both = pc.min_max(column).as_py().values()
            found += [value for value in both if value is not None]
    finite = [value for value in found if not isinstance(value, float) or math.isfinite(value)]
    return (min(finite), max(finite)) if finite else (None, None)


def _counts(columns: list[pa.ChunkedArray]) -> dict[Any, int] | None:
    counts: dict[Any, int] = {}
    for column in columns:
        counted = pc.value_counts(column.drop_null())
        if len(counted) > MAX_VALUES:
            return None
        for item in counted.to_pylist():
            counts[item["values"]] = counts.get(item["values"], 0) + item["counts"]
    if len(counts) > MAX_VALUES:
        return None
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]))))
