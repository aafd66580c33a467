"""The values of one catalogue column for the galaxies of a map."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from galsearch.core.arrays import TargetIds
from galsearch.core.errors import ManifestError, QueryError
from galsearch.core.ids import find_rows_unsorted
from galsearch.files.parquet_input import damage_named
from galsearch.index.search.galaxy_index import GalaxyIndex


def map_values(index: GalaxyIndex, target_ids: TargetIds, name: str) -> npt.NDArray[Any]:
    """(n,) numbers of a column, NaN where unknown, or texts, None where unknown.

    Only this column is read. Booleans become texts.

    Raises
    ------
    QueryError
        Where the catalogue has no such column, or it holds something else.
    ManifestError
        Where a file is damaged, or lacks one of the galaxies.
    """
    if name == "z":
        return np.asarray(index.catalogue_records(target_ids)["z"], np.float64)
    ids, values = [], []
    names: dict[str, None] = {}
    with index.catalogue_files.open() as files:
        for part in files:
            with damage_named(str(getattr(part.file, "name", "catalogue")), ManifestError):
                file = pq.ParquetFile(part.file, page_checksum_verification=True)
                names |= dict.fromkeys(file.schema_arrow.names)
                if name in file.schema_arrow.names:
                    table = file.read(columns=["target_id", name])
                    ids.append(np.asarray(table["target_id"]))
                    values.append(_plain(table[name], name))
    if not values:
        raise QueryError(
            f"the catalogue of index '{index.manifest.recipe.name}' has no column {name!r}; it has "
            f"{', '.join(names)}."
        )
    rows = find_rows_unsorted(np.concatenate(ids), target_ids)
    joined = np.concatenate(values)
    unknown: Any = np.nan if joined.dtype == np.float64 else None
    return np.where(rows < 0, unknown, joined[rows])


def _plain(column: pa.ChunkedArray, name: str) -> npt.NDArray[Any]:
    """The values of a column as float64 or as texts."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    if pa.types.is_boolean(column.type):
        column = pc.if_else(column, name, f"not {name}")
    elif not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise QueryError(
            f"the column {name!r} holds {column.type}; a map shows numbers, texts and booleans."
        )
    return np.array(column.to_pylist(), object)
