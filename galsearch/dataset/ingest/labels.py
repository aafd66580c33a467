"""Labels: further catalogue columns from any tables, joined to the galaxies by TARGETID."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import IngestError
from galsearch.core.ids import find_rows_unsorted
from galsearch.core.target_id import MAX_TARGET_ID
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.schema import BUILT_IN_COLUMNS, PIXEL_COLUMNS, TARGET_ID
from galsearch.sources.tables import read_tables

_KINDS = {"b": pa.bool_(), "i": pa.int64(), "u": pa.uint64(), "f": pa.float64()}
_LARGEST_EXACT_FLOAT = 2**53
"""Largest integer up to which float64 holds every integer exactly."""
_IS_PRIMARY = "zcat_primary"
"""Column of DESI's redshift catalogues that is true in one of several rows of a TARGETID."""
NO_ID = "label: row without a TARGETID"
NOT_PRIMARY = "label: row of a TARGETID that is not its primary one (ZCAT_PRIMARY)"


def read_labels(
    urls: Sequence[str], columns: Sequence[str], bad_files: BadFiles
) -> tuple[pa.Table, Counter[str]]:
    """Arrow table of the label columns of all tables, with one row for each TARGETID.

    Column names are in lower case. A label with the name of a catalogue column is renamed to
    label_<name>. Tables may have different galaxies and columns; missing values are null. Rows
    without a TARGETID, or of a negative one (stuck fibres), belong to no galaxy and are left out,
    as are rows that are not the primary ones of a redshift catalogue.

    A column must have the same type in all tables. An empty column fits any type, and types are
    unified where no value changes: integers with unsigned integers or with floats.

    Parameters
    ----------
    urls
        Paths or URLs of tables with a TARGETID column.
    columns
        Names of the wanted columns, in upper or lower case, which are taken from the first HDU of a
        file that has them. If empty, every column of the first HDU with a TARGETID that has one
        number or text in each row is read.
    bad_files
        Collection of the files that cannot be read.

    Returns
    -------
    tuple
        The table, and the number of rows that were left out by note.

    Raises
    ------
    IngestError
        Where a wanted column is in no table, a TARGETID has several rows, or the tables disagree in
        the type of a column.
    """
    wanted = {name.lower() for name in columns}
    noted: Counter[str] = Counter()
    tables: dict[str, pa.Table] = {}
    for url in urls:
        with bad_files.reading(url):
            tables[url] = _label_table(url, wanted, noted)
    known = {name for table in tables.values() for name in table.column_names}
    missing = sorted(name for name in wanted if _stored_name(name) not in known)
    if missing and not bad_files.messages:
        raise IngestError(
            f"no label table has the column {', '.join(missing)} with one value in each row; "
            f"found {', '.join(sorted(known - {TARGET_ID})) or 'none'}."
        )
    if not tables:
        return pa.table({TARGET_ID: pa.array([], pa.int64())}), noted
    table = pa.concat_tables(_with_common_types(tables), promote_options="default")
    _check_unique(table[TARGET_ID].to_numpy(), tables)
    return table, +noted


def labels_of(labels: pa.Table, target_ids: TargetIds) -> pa.Table:
    """The label columns of galaxies, in the order of `target_ids`; null where there is no label."""
    rows = find_rows_unsorted(labels[TARGET_ID].to_numpy(), target_ids)
    return labels.drop_columns([TARGET_ID]).take(pa.array(rows, mask=rows < 0))


def _label_table(url: str, wanted: set[str], noted: Counter[str]) -> pa.Table:
    """Label columns of one file, with one row for each row of its tables that has a TARGETID."""
    tables = read_tables(url)
    if not wanted:
        return _arrow_table(url, tables[0], None, noted)
    found: pa.Table | None = None
    for columns in tables:
        known = set(found.column_names) if found else set()
        here = {name for name in wanted & columns.keys() if _stored_name(name) not in known}
        if here or found is None:
            table = _arrow_table(url, columns, here, noted)
            # Tables of one file are about the same galaxies, so their rows are joined.
            found = table if found is None or found.num_columns == 1 else _joined(found, table)
    return found


def _joined(table: pa.Table, other: pa.Table) -> pa.Table:
    joined = table.join(other, TARGET_ID, join_type="full outer", use_threads=False)
    return joined.sort_by(TARGET_ID)


def _arrow_table(
    url: str,
    columns: Mapping[str, npt.NDArray[Any]],
    wanted: set[str] | None,
    noted: Counter[str],
) -> pa.Table:
    """The wanted columns of a table (all with None) of the rows that belong to galaxies."""
    ids = np.ma.filled(columns[TARGET_ID], 0)
    noted[NO_ID] += int(np.ma.getmaskarray(columns[TARGET_ID]).sum())
    galaxies = ids > 0
    if _IS_PRIMARY in columns and columns[_IS_PRIMARY].dtype == bool:
        primary = np.ma.filled(columns[_IS_PRIMARY], False)
        noted[NOT_PRIMARY] += int((galaxies & ~primary).sum())
        galaxies &= primary
    arrays = {TARGET_ID: pa.array(ids[galaxies].astype(np.int64))}
    for name, column in columns.items():
        if name == TARGET_ID or (wanted is not None and name not in wanted):
            continue
        array = _arrow(column[galaxies])
        if array is None:
            continue
        stored = _stored_name(name)
        if stored in arrays:
            raise IngestError(
                f"{url}: the column {name!r} would be stored as {stored!r}, which is another "
                "column of the table."
            )
        arrays[stored] = array
    return pa.table(arrays)


def _stored_name(name: str) -> str:
    return f"label_{name}" if name in (*BUILT_IN_COLUMNS, *PIXEL_COLUMNS) else name


def _arrow(column: npt.NDArray[Any]) -> pa.Array | None:
    """A column as an Arrow array of integers, float64, bool or unpadded text; None for other types.

    Masked values, empty text and NaN become null. Unsigned integers are int64 where they fit.
    """
    if column.ndim != 1:
        return None
    mask, values = np.ma.getmaskarray(column), np.ma.getdata(column)
    if values.dtype.kind in "US":
        texts = (None if m else _text(v) for v, m in zip(values.tolist(), mask, strict=True))
        return pa.array([text or None for text in texts], pa.string())
    kind = _KINDS.get(values.dtype.kind)
    if kind is None:
        return None
    if values.dtype.kind == "f":
        # NaN becomes null because tables mark unknown numbers by NaN.
        mask = mask | np.isnan(values)
    # Values are converted to native byte order because FITS is big-endian and Arrow is not.
    array = pa.array(values.astype(kind.to_pandas_dtype()), kind, mask=mask)
    largest = pc.max(array).as_py() if kind == pa.uint64() else None
    fits_int64 = kind == pa.uint64() and (largest is None or largest <= MAX_TARGET_ID)
    return array.cast(pa.int64(), safe=False) if fits_int64 else array


def _text(value: str | bytes) -> str:
    """A text without padding; bytes are UTF-8, or Latin-1 where they are not UTF-8."""
    if isinstance(value, str):
        return value.strip()
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()


def _with_common_types(tables: Mapping[str, pa.Table]) -> list[pa.Table]:
    """The tables, with each column of one type in all of them.

    Raises
    ------
    IngestError
        Where no type holds all values of a column; the message lists all such columns.
    """
    stated: dict[str, dict[str, pa.ChunkedArray]] = defaultdict(dict)
    for url, table in tables.items():
        for name in table.column_names:
            stated[name][url] = table[name]
    kinds, problems = {}, []
    for name, columns in stated.items():
        kinds[name] = _common_type(list(columns.values()))
        if kinds[name] is None:
            problems.append(f"{name!r} holds {_types_and_files(columns)}")
    if problems:
        raise IngestError(f"label tables disagree in types: {'; '.join(problems)}.")
    found = []
    for table in tables.values():
        arrays = {
            name: pa.nulls(len(table), kinds[name])
            if table[name].null_count == len(table)
            else table[name].cast(kinds[name])
            for name in table.column_names
        }
        found.append(pa.table(arrays))
    return found


def _common_type(columns: Sequence[pa.ChunkedArray]) -> pa.DataType | None:
    """A type that holds all values of columns exactly; None if there is none."""
    filled = [column for column in columns if column.null_count < len(column)]
    types = {column.type for column in filled}
    if len(types) <= 1:
        return filled[0].type if filled else columns[0].type
    integers = [c for c in filled if pa.types.is_integer(c.type)]
    smallest = min((pc.min(column).as_py() for column in integers), default=0)
    largest = max((pc.max(column).as_py() for column in integers), default=0)
    if types == {pa.int64(), pa.uint64()} and smallest >= 0:
        return pa.uint64()
    exact = max(-smallest, largest) <= _LARGEST_EXACT_FLOAT
    if types <= {pa.int64(), pa.uint64(), pa.float64()} and pa.float64() in types and exact:
        return pa.float64()
    return None


def _types_and_files(columns: Mapping[str, pa.ChunkedArray]) -> str:
    """Each type of a column and the files that hold it, such as 'text in a.csv, int64 in b.csv'."""
    files: dict[str, list[str]] = defaultdict(list)
    for url, column in columns.items():
        if column.null_count < len(column):
            kind = "text" if pa.types.is_string(column.type) else str(column.type)
            files[kind].append(url)
    return ", ".join(f"{kind} in {' and '.join(urls)}" for kind, urls in files.items())


def _check_unique(ids: TargetIds, tables: Mapping[str, pa.Table]) -> None:
    values, counts = np.unique(ids, return_counts=True)
    repeated = values[counts > 1]
    if repeated.size:
        holders = [
            url
            for url, table in tables.items()
            if np.any(table[TARGET_ID].to_numpy() == repeated[0])
        ]
        raise IngestError(
            f"{repeated.size} TARGETIDs have several rows in the label tables, first {repeated[0]} "
            f"in {', '.join(holders)}; expected one row for each TARGETID."
        )
