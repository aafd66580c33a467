"""Labels: further catalogue columns from any tables, joined to the galaxies by TARGETID."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import IngestError
from galsearch.core.ids import find_rows_unsorted
from galsearch.dataset.schema import BUILT_IN_COLUMNS, PIXEL_COLUMNS, TARGET_ID
from galsearch.sources.tables import read_table

_KINDS = {"b": pa.bool_(), "i": pa.int64(), "u": pa.int64(), "f": pa.float64()}


def read_labels(urls: Sequence[str], columns: Sequence[str]) -> pa.Table:
    """Arrow table of the label columns of all tables, with one row for each TARGETID.

    Column names are in lower case.
    A label with the name of a catalogue column is renamed to label_<name>. Tables may have
    different galaxies and columns; missing values are null. Rows of negative TARGETID (stuck
    fibres) belong to no galaxy and are left out.

    Parameters
    ----------
    urls
        Paths or URLs of tables with a TARGETID column.
    columns
        Names of the wanted columns, in upper or lower case. If empty, every column that has one
        number or text in each row is read.

    Raises
    ------
    IngestError
        Where a wanted column is in no table, or a TARGETID has several rows.
    """
    wanted = {name.lower() for name in columns}
    tables = [_label_table(url, wanted) for url in urls]
    known = {name for table in tables for name in table.column_names}
    missing = sorted(name for name in wanted if _stored_name(name) not in known)
    if missing:
        raise IngestError(
            f"no label table has the column {', '.join(missing)} with one value in each row; "
            f"found {', '.join(sorted(known - {TARGET_ID}))}."
        )
    if not tables:
        return pa.table({TARGET_ID: pa.array([], pa.int64())})
    table = pa.concat_tables(tables, promote_options="permissive")
    _check_unique(table[TARGET_ID].to_numpy(), tables, urls)
    return table


def labels_of(labels: pa.Table, target_ids: TargetIds) -> pa.Table:
    """The label columns of galaxies, in the order of `target_ids`; null where there is no label."""
    rows = find_rows_unsorted(labels[TARGET_ID].to_numpy(), target_ids)
    return labels.drop_columns([TARGET_ID]).take(pa.array(rows, mask=rows < 0))


def _label_table(url: str, wanted: set[str]) -> pa.Table:
    table = read_table(url)
    galaxies = table[TARGET_ID] > 0
    arrays = {TARGET_ID: pa.array(table.pop(TARGET_ID)[galaxies])}
    for name, column in table.items():
        if not wanted or name in wanted:
            array = _arrow(column[galaxies])
            if array is not None:
                arrays[_stored_name(name)] = array
    return pa.table(arrays)


def _stored_name(name: str) -> str:
    return f"label_{name}" if name in (*BUILT_IN_COLUMNS, *PIXEL_COLUMNS) else name


def _arrow(column: npt.NDArray[Any]) -> pa.Array | None:
    """A column as an Arrow array of int64, float64, bool or unpadded text; None for other types.

    Empty text and NaN become null.
    """
    if column.dtype.kind in "US":
        return pa.array([str(v).strip() or None for v in column.astype(str)], pa.string())
    kind = _KINDS.get(column.dtype.kind)
    if kind is None:
        return None
    # Values are converted to native byte order because FITS is big-endian and Arrow is not. NaN
    # becomes null because tables mark unknown numbers by NaN.
    return pa.array(column.astype(kind.to_pandas_dtype()), kind, from_pandas=True)


def _check_unique(ids: TargetIds, tables: Sequence[pa.Table], urls: Sequence[str]) -> None:
    values, counts = np.unique(ids, return_counts=True)
    repeated = values[counts > 1]
    if repeated.size:
        holders = [
            url
            for url, table in zip(urls, tables, strict=True)
            if np.any(table[TARGET_ID].to_numpy() == repeated[0])
        ]
        raise IngestError(
            f"{repeated.size} TARGETIDs have several rows in the label tables, first {repeated[0]} "
            f"in {', '.join(holders)}; expected one row for each TARGETID."
        )
