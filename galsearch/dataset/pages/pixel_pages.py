"""Pixels of few galaxies of a row group, of which only the pages that hold them are read."""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from galsearch.core.arrays import Rows
from galsearch.dataset.pages.parquet_pages import Page, column_pages, decode_levels, plain_values

_NULL, _PRESENT = 0, 2
"""Definition levels of a galaxy without pixels, and of a pixel."""
_KINDS = {pa.float32(): np.float32, pa.bool_(): np.bool_}


def read_pixel_rows(
    mapped: mmap.mmap, file: pq.ParquetFile, group: int, field: pa.Field, rows: Rows
) -> pa.Array | None:
    """The pixels of some galaxies of a row group, in the order of `rows`.

    They are the values that Arrow reads. The answer is None where the column is stored in another
    way than `write_partition` does, or is damaged; Arrow has to read the row group then, and states
    the damage.

    Parameters
    ----------
    mapped
        The file, mapped into memory.
    file
        The file, open.
    group
        Number of the row group.
    field
        A column of pixels, with the type that it has in memory.
    rows
        Numbers of rows of the row group, in ascending order.
    """
    kind = field.type
    number = _column_number(file, field.name)
    if number is None:
        return None
    metadata = file.metadata.row_group(group)
    pages = column_pages(mapped, metadata.column(number))
    if pages is None:
        return None
    values = np.zeros((len(rows), kind.list_size), _KINDS[kind.value_type])
    is_null = np.ones(len(rows), bool)
    try:
        found = list(_page_rows(pages, kind.list_size))
        if sum(len(present) for present, _, _ in found) != metadata.num_rows:
            return None
        if not _fill(found, rows, values, is_null):
            return None
    except (IndexError, ValueError, OSError):
        return None
    flat = pa.array(values.reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, type=kind, mask=pa.array(is_null))


def _column_number(file: pq.ParquetFile, name: str) -> int | None:
    """Number of the column of the elements of a list; None where its levels are others."""
    columns = file.metadata.schema
    for number in range(len(columns)):
        column = columns.column(number)
        if column.path == f"{name}.list.element":
            levels = (column.max_definition_level, column.max_repetition_level)
            return number if levels == (_PRESENT, 1) else None
    return None


def _page_rows(
    pages: list[Page], length: int
) -> Iterator[tuple[npt.NDArray[np.bool_], Page, memoryview]]:
    """For each page: which of its galaxies have pixels, the page, and its values."""
    for page in pages:
        levels, values = page.parts()
        present: list[bool] = []
        for level, n in decode_levels(levels, page.n_entries):
            if level == _PRESENT and n % length == 0:
                present += [True] * (n // length)
            elif level == _NULL:
                present += [False] * n
            else:
                raise ValueError("a galaxy that is in two pages")
        yield np.array(present), page, values


def _fill(
    found: list[tuple[npt.NDArray[np.bool_], Page, memoryview]],
    rows: Rows,
    values: npt.NDArray[Any],
    is_null: npt.NDArray[np.bool_],
) -> bool:
    """Copy the pixels of rows into `values`; False where a page of them is damaged."""
    first = 0
    length = values.shape[1]
    for present, page, stored in found:
        here = np.flatnonzero((rows >= first) & (rows < first + len(present)))
        if here.size and not page.is_intact():
            return False
        before: Rows = np.cumsum(present) - present
        for place in here:
            row = rows[place] - first
            if present[row]:
                values[place] = plain_values(stored, values.dtype, before[row] * length, length)
                is_null[place] = False
        first += len(present)
    return True
