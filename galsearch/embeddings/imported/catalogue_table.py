"""Tables of positions and further columns that are joined to embeddings by their TARGETIDs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import SourceError
from galsearch.core.target_id import MAX_TARGET_ID
from galsearch.files.parquet_input import damage_named, open_parquet
from galsearch.sources.published.embeddings_table.column_choice import is_one_value
from galsearch.sources.table_formats.text_table import ID_NAMES
from galsearch.sources.tables import read_table
from galsearch.sources.urls import PARQUET_MAGIC, open_url


def read_catalogue(url: str) -> tuple[TargetIds, pa.Table]:
    """TARGETIDs and the columns with one value in each row of a table, by names in lower case.

    Columns of a Parquet table keep their types and nulls, dates and times among them; those of
    lists and of bytes are left out. Other tables are read as `read_table` does. In a CSV, ECSV or
    VOTable, an empty text is a missing one.

    Parameters
    ----------
    url
        Path or URL of a FITS, CSV, ECSV, Parquet or VOTable table.

    Returns
    -------
    target_ids : (n,)
        0 where a row has none.
    columns : pa.Table
        (n,) rows of the other columns.

    Raises
    ------
    SourceError
        As from `read_table`.
    """
    with open_url(url, also=(PARQUET_MAGIC,)) as file:
        first_bytes = file.read(9)
        if first_bytes.startswith(PARQUET_MAGIC):
            file.seek(0)
            return _read_parquet(url, file.read())
    table = read_table(url)
    ids = np.ma.filled(table.pop("target_id"), 0)
    empty_is_missing = first_bytes != b"SIMPLE  ="
    columns = {name: _arrow(values, empty_is_missing) for name, values in table.items()}
    return ids, pa.table(columns) if columns else _no_columns(len(ids))


def _read_parquet(url: str, content: bytes) -> tuple[TargetIds, pa.Table]:
    file = open_parquet(pa.BufferReader(content), SourceError, name=url)
    with damage_named(url, SourceError):
        schema = file.schema_arrow
        names = [name for name in schema.names if is_one_value(schema.field(name).type)]
        table = file.read(columns=names)
    lower = _lower_case(url, names)
    found = [name for name in ID_NAMES if name in lower]
    if not found:
        known = ", ".join(schema.names) or "(none)"
        raise SourceError(f"{url}: no column TARGETID or target_id. Columns: {known}.")
    if len(found) > 1:
        raise SourceError(f"{url}: has both a column TARGETID and a column target_id.")
    table = table.rename_columns(lower)
    ids = _checked_ids(url, table[found[0]])
    return ids, _without_dictionaries(table.drop_columns(found))


def _lower_case(url: str, names: Sequence[str]) -> list[str]:
    lower = [name.lower() for name in names]
    repeated = sorted({name for name in lower if lower.count(name) > 1})
    if repeated:
        raise SourceError(f"{url}: the names of two columns, {repeated[0]!r}, differ in case only.")
    return lower


def _checked_ids(url: str, column: pa.ChunkedArray) -> TargetIds:
    """TARGETIDs, 0 where there is none."""
    is_integer = pa.types.is_integer(column.type)
    if not is_integer or (pc.max(column).as_py() or 0) > MAX_TARGET_ID:
        raise SourceError(
            f"{url}: TARGETID is of type {column.type}; expected an int64 (a float cannot hold one "
            "exactly)."
        )
    ids = column.cast(pa.int64()).fill_null(0).to_numpy()
    return np.asarray(ids, np.int64)


def _without_dictionaries(table: pa.Table) -> pa.Table:
    """The table with the values themselves where a column has codes of them."""
    for number, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            values = table[number].cast(field.type.value_type)
            table = table.set_column(number, field.name, values)
    return table


def _arrow(values: npt.NDArray[np.generic], empty_is_missing: bool) -> pa.Array:
    mask = np.ma.getmaskarray(values) if np.ma.isMaskedArray(values) else None
    plain = np.ma.getdata(values)
    if plain.dtype.kind == "U" and empty_is_missing:
        mask = (plain == "") if mask is None else mask | (plain == "")
    return pa.array(plain, mask=mask)


def _no_columns(n_rows: int) -> pa.Table:
    return pa.table({"rows": np.zeros(n_rows, bool)}).select([])
