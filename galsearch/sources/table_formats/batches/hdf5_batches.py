"""HDF5 files as tables: the data sets of a group are columns, whose first axis is the rows.

Several groups with the same columns, as in the data set of AstroCLIP, are parts of one table. A
data set of records, as astropy and pandas write, is a table by itself.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from galsearch.core.errors import GalsearchError, MissingExtraError, SourceError
from galsearch.sources.table_formats.batches.batched_table import (
    arrow_column,
    arrow_type,
    require_known,
)

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
"""First bytes of an HDF5 file."""


class Hdf5Batches:
    """The table of an HDF5 file that is open for reading; see `BatchedTable`."""

    def __init__(self, url: str, file: IO[bytes]) -> None:
        self.url = url
        hdf5 = _hdf5(url)
        with self._damage_named():
            parts = _parts(hdf5.File(file, "r"))
            columns = [_types(part) for part in parts.values()]
        if not parts:
            raise SourceError(f"{url}: holds no data set whose first axis could be rows.")
        for name, types in zip(parts, columns, strict=True):
            if types != columns[0]:
                raise SourceError(
                    f"{url}: its groups hold different tables: {next(iter(parts))} has the columns "
                    f"{', '.join(columns[0])}, {name} has {', '.join(types)}."
                )
        with self._damage_named():
            self.parts = {name: _n_rows(url, name, part) for name, part in parts.items()}
            """Number of rows of each group, by its name."""
            self.schema: pa.Schema = pa.schema(list(columns[0].items()))
            _ = self.schema.names  # damaged names that are no text are refused here
        self._parts = parts

    def batches(self, columns: Sequence[str], n_rows: int) -> Iterator[pa.RecordBatch]:
        """The rows of the table in order, at most `n_rows` at a time, with some columns."""
        require_known(self, columns)
        for name, part in self._parts.items():
            for start in range(0, self.parts[name], n_rows):
                with self._damage_named():
                    values = [_slice(part, column, start, start + n_rows) for column in columns]
                    arrays = [arrow_column(array) for array in values]
                yield pa.RecordBatch.from_arrays(arrays, names=list(columns))

    @contextmanager
    def _damage_named(self) -> Iterator[None]:
        try:
            yield
        except GalsearchError:
            raise
        except Exception as error:
            # h5py raises exceptions of many kinds for damaged bytes.
            reason = " ".join(str(error).split())[:200]
            raise SourceError(f"{self.url}: cannot be read as HDF5 ({reason}).") from error


def _hdf5(url: str) -> Any:
    try:
        return importlib.import_module("h5py")
    except ImportError as error:
        raise MissingExtraError(
            f"{url}: reading HDF5 needs h5py, which is part of the extra 'hdf5' of galsearch and "
            f"is not installed ({error})."
        ) from error


def _parts(file: Any) -> dict[str, Mapping[str, Any]]:
    """The data sets of each group that holds some, or of each data set of records, by its name."""
    found: dict[str, Mapping[str, Any]] = {}

    def visit(group: Any) -> None:
        own = {key: value for key, value in group.items() if hasattr(value, "dtype")}
        records = [key for key, value in own.items() if value.dtype.names and value.ndim == 1]
        for key in records:
            found[f"{group.name.rstrip('/')}/{key}"] = {"": own.pop(key)}
        columns = {key: value for key, value in own.items() if value.ndim}
        if columns and not records:
            found[group.name] = columns
        for value in group.values():
            # A link to nothing is None.
            if hasattr(value, "items"):
                visit(value)

    visit(file)
    return found


def _types(part: Mapping[str, Any]) -> dict[str, pa.DataType]:
    """Arrow types of the columns of a part, by name."""
    types: dict[str, pa.DataType | None] = {}
    for name, data in part.items():
        if data.dtype.names:
            for field in data.dtype.names:
                dtype = data.dtype[field]
                types[field] = arrow_type(dtype.base, dtype.shape)
        else:
            types[name] = arrow_type(data.dtype, data.shape[1:])
    return {name: kind for name, kind in types.items() if kind is not None}


def _n_rows(url: str, name: str, part: Mapping[str, Any]) -> int:
    lengths = {column: len(data) for column, data in part.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{column} {length}" for column, length in lengths.items())
        raise SourceError(
            f"{url}: the data sets of the group {name} have different numbers of rows: {found}."
        )
    return next(iter(lengths.values()))


def _slice(part: Mapping[str, Any], column: str, start: int, stop: int) -> npt.NDArray[Any]:
    data = part[column][start:stop] if column in part else part[""][column][start:stop]
    return np.asarray(data)
