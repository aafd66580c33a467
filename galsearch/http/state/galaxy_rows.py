"""Catalogue columns of galaxies as values of JSON, made for all galaxies of some answers at once.

The values are those that `galsearch.formats.json_lines` writes: TARGETIDs and whole numbers that
JSON would round are texts, and what is missing or not finite becomes null.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import TargetIds
from galsearch.formats.columns.plain_columns import plain_lists, plain_schema
from galsearch.formats.json_lines import LARGEST_EXACT, is_identifier
from galsearch.formats.sky_links import image_link, spectrum_link
from galsearch.query import SearchEngine
from galsearch.query.results.facets import Facets, class_columns, facets_of_values

_Convert = Callable[[Sequence[Any]], Sequence[Any]]


class RowValues(NamedTuple):
    """The catalogue columns of some galaxies, as lists of values of JSON."""

    names: Sequence[str]
    columns: Sequence[Sequence[Any]]
    classes: Sequence[str]
    """Columns whose values are counted."""

    def objects(self, rows: slice = slice(None), **first: Sequence[Any]) -> list[dict[str, Any]]:
        """The object of each galaxy: all columns, and `links` to pages about it elsewhere.

        Parameters
        ----------
        rows
            Some of the galaxies.
        **first
            Values of these galaxies that come before the columns.
        """
        own = [column[rows] for column in self.columns]
        by_name = dict(zip(self.names, own, strict=True))
        pages = map(links, by_name["target_id"], by_name["ra_deg"], by_name["dec_deg"])
        names = (*first, *self.names, "links")
        values = zip(*first.values(), *own, pages, strict=True)
        # The names are as many as the values; to check it again for each galaxy takes a while.
        return [dict(zip(names, row)) for row in values]  # noqa: B905

    def facets(self, rows: slice) -> Facets:
        """The facets of some of the galaxies, as `count_facets` counts them in a table."""
        by_name = dict(zip(self.names, self.columns, strict=True))
        z = np.array(by_name["z"][rows], np.float64)
        return facets_of_values({name: by_name[name][rows] for name in self.classes}, z)


class GalaxyRows:
    """Reads the columns of galaxies of an index; safe to share between threads."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._reader: _Reader | None = None

    def values(self, target_ids: TargetIds) -> RowValues:
        """The values of all catalogue columns of galaxies of the index, in their order."""
        columns = self._engine.catalogue.columns
        if self._reader is None:
            self._reader = _Reader(columns.schema)
        return self._reader.values(columns.lists(target_ids))


class _Reader:
    """Converts columns of one schema."""

    def __init__(self, schema: pa.Schema) -> None:
        self._names = schema.names
        self._convert = [_conversion(field) for field in plain_schema(schema)]
        self._classes = class_columns(schema)

    def values(self, columns: Sequence[Sequence[Any]]) -> RowValues:
        values = [
            column if convert is None else convert(column)
            for convert, column in zip(self._convert, columns, strict=True)
        ]
        return RowValues(self._names, values, self._classes)


def json_objects(table: pa.Table) -> list[dict[str, Any]]:
    """The object of each row of a table.

    Examples
    --------
    >>> json_objects(pa.table({"n": [1, 2**60]}))
    [{'n': 1}, {'n': '1152921504606846976'}]
    """
    found = _Reader(table.schema).values(plain_lists(table))
    return [dict(zip(found.names, row, strict=True)) for row in zip(*found.columns, strict=True)]


def _conversion(field: pa.Field) -> _Convert | None:
    """The function that makes values of JSON of a column of a plain type; None where they are."""
    if not pa.types.is_integer(field.type):
        return None
    if is_identifier(field):
        return _id_texts
    # Whole numbers of 32 bits and less are exact in JSON.
    return _whole_numbers if field.type.bit_width > 32 else None


def _id_texts(column: Sequence[Any]) -> Sequence[Any]:
    return [None if value is None else str(value) for value in column]


def _whole_numbers(column: Sequence[Any]) -> Sequence[Any]:
    exact = range(-LARGEST_EXACT, LARGEST_EXACT + 1)
    return [value if value is None or value in exact else str(value) for value in column]


def links(target_id: str, ra_deg: float, dec_deg: float) -> dict[str, str]:
    """Addresses of pages about a galaxy elsewhere, by name; none for a simulated galaxy.

    Examples
    --------
    >>> sorted(links("39627848784286003", 150.1, 2.2))
    ['desi_spectrum', 'legacy_viewer']
    """
    number = int(target_id)
    found = {}
    if image := image_link(number, ra_deg, dec_deg):
        found["legacy_viewer"] = image
    if spectrum := spectrum_link(number):
        found["desi_spectrum"] = spectrum
    return found
