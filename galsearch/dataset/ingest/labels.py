"""What else is known of galaxies: tables of any origin, joined by TARGETID."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.errors import DatasetError
from galsearch.dataset.schema import BUILT_IN_COLUMNS, PIXEL_COLUMNS, TARGET_ID
from galsearch.sources.tables import read_table

_KINDS = {"b": pa.bool_(), "i": pa.int64(), "u": pa.int64(), "f": pa.float64()}


def read_labels(urls: Sequence[str], columns: Sequence[str]) -> pa.Table:
    """One row a TARGETID (`target_id`) with the label columns, their names in lower case.

    A label that is called like a column of the catalogue becomes label_<name>. Tables may know
    different galaxies and columns; what a table does not know is null. Rows of negative TARGETID
    (stuck fibres) belong to no galaxy and are left out.

    Parameters
    ----------
    urls
        Tables with a TARGETID column.
    columns
        The wanted columns, in any case; none means every column of one number or text a row.

    Raises
    ------
    DatasetError
        Where a wanted column is in no table, or a TARGETID stands in the tables twice.
    """
    wanted = {name.lower() for name in columns}
    tables = [_label_table(url, wanted) for url in urls]
    known = {name for table in tables for name in table.column_names}
    missing = sorted(name for name in wanted if _stored_name(name) not in known)
    if missing:
        raise DatasetError(
            f"no label table has the column {', '.join(missing)} with one value a row; "
            f"found {', '.join(sorted(known - {TARGET_ID}))}."
        )
    if not tables:
        return pa.table({TARGET_ID: pa.array([], pa.int64())})
    table = pa.concat_tables(tables, promote_options="permissive")
    _check_unique(table[TARGET_ID].to_numpy(), tables, urls)
    return table


def labels_of(labels: pa.Table, target_ids: npt.NDArray[np.int64]) -> pa.Table:
    """The label columns for these galaxies, row by row; null where a galaxy has none."""
    ids = labels[TARGET_ID].to_numpy()
    order = np.argsort(ids)
    at = np.minimum(np.searchsorted(ids[order], target_ids), max(ids.size - 1, 0))
    rows = order[at] if ids.size else np.zeros(target_ids.size, np.int64)
    unknown = ids[rows] != target_ids if ids.size else np.ones(target_ids.size, bool)
    return labels.drop_columns([TARGET_ID]).take(pa.array(rows, mask=unknown))


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
    """Numbers as int64, float64 or bool, text without padding or null; None for anything else."""
    if column.dtype.kind in "US":
        return pa.array([str(v).strip() or None for v in column.astype(str)], pa.string())
    kind = _KINDS.get(column.dtype.kind)
    if kind is None:
        return None
    # FITS is big-endian, Arrow is not; NaN is how a table says that it does not know.
    return pa.array(column.astype(kind.to_pandas_dtype()), kind, from_pandas=True)


def _check_unique(
    ids: npt.NDArray[np.int64], tables: Sequence[pa.Table], urls: Sequence[str]
) -> None:
    values, counts = np.unique(ids, return_counts=True)
    twice = values[counts > 1]
    if twice.size:
        holders = [
            url
            for url, table in zip(urls, tables, strict=True)
            if np.any(table[TARGET_ID].to_numpy() == twice[0])
        ]
        raise DatasetError(
            f"{twice.size} TARGETIDs have several rows in the label tables, first {twice[0]} in "
            f"{', '.join(holders)}: which one is meant? Leave one row a TARGETID."
        )
