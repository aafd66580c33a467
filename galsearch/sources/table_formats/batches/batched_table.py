"""The interface of a table that is read in batches, and NumPy arrays as its Arrow columns."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.errors import SourceError


class BatchedTable(Protocol):
    """A table whose rows are read in order, some of its columns and some rows at a time."""

    @property
    def url(self) -> str:
        """Path or URL of the file, for messages."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """Names and Arrow types of all columns that can be read."""
        ...

    def batches(self, columns: Sequence[str], n_rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of the table in order, at most `n_rows` at a time, with some columns.

        Parameters
        ----------
        columns
            Names of the wanted columns.
        n_rows
            Largest number of rows of a batch.
        """
        ...


def require_known(table: BatchedTable, columns: Sequence[str]) -> None:
    """Check that a table has some columns.

    Raises
    ------
    SourceError
        Where it lacks one; the message names the columns that it has.
    """
    missing = [name for name in columns if name not in table.schema.names]
    if missing:
        raise SourceError(
            f"{table.url}: no column {', '.join(missing)}. Columns: "
            f"{', '.join(table.schema.names) or '(none)'}."
        )


def arrow_type(dtype: np.dtype[Any], shape: tuple[int, ...]) -> pa.DataType | None:
    """The Arrow type of a column whose rows are arrays of a NumPy dtype and shape.

    None for kinds of values that no table of galaxies has, such as complex numbers.

    Examples
    --------
    >>> print(arrow_type(np.dtype(">f4"), (8,)), arrow_type(np.dtype("S5"), ()))
    fixed_size_list<item: float>[8] string
    """
    kind: pa.DataType
    if dtype.kind in "SUO":
        kind = pa.string()
    elif dtype.kind in "biuf":
        kind = pa.from_numpy_dtype(dtype.newbyteorder("="))
    else:
        return None
    for length in reversed(shape):
        kind = pa.list_(kind, length)
    return kind


def arrow_column(values: npt.NDArray[Any]) -> pa.Array:
    """A NumPy array whose first axis is the rows as an Arrow column.

    Further axes become lists of fixed size; masked values are null.

    Examples
    --------
    >>> arrow_column(np.array([[1, 2], [3, 4]])).to_pylist()
    [[1, 2], [3, 4]]
    """
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    plain = np.ma.getdata(values)
    flat = plain.reshape(-1)
    if plain.dtype.kind in "SO":
        texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in flat.tolist()]
        column = pa.array(texts, pa.string())
    elif plain.dtype.kind == "U":
        column = pa.array(flat.tolist(), pa.string())
    else:
        native = np.ascontiguousarray(flat, flat.dtype.newbyteorder("="))
        column = pa.array(native, mask=None if mask is None else mask.reshape(-1))
    for length in reversed(plain.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, length)
    return column
