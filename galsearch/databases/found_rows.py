"""Rows that a vector database returned, as arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import Float64Array
from galsearch.databases.database_protocol import VECTOR, Hits


def hits_of_table(table: pa.Table) -> Hits:
    """The rows of an Arrow table with the columns target_id and embedding; others may lack."""
    vectors = table[VECTOR].combine_chunks()
    dim = vectors.type.list_size
    return Hits(
        target_ids=table["target_id"].to_numpy(),
        vectors=vectors.flatten().to_numpy().reshape(-1, dim),
        **{name: _numbers(table, name) for name in ("ra_deg", "dec_deg", "z")},
    )


def hits_of_rows(ids: Sequence[int], rows: Sequence[Mapping[str, Any]], vectors: Any) -> Hits:
    """The rows of a database that returns dictionaries."""
    columns = {
        name: np.array([np.nan if row.get(name) is None else row[name] for row in rows], float)
        for name in ("ra_deg", "dec_deg", "z")
    }
    found = np.asarray(vectors, np.float32).reshape(len(ids), -1 if len(ids) else 0)
    return Hits(target_ids=np.array(ids, np.int64), vectors=found, **columns)


def _numbers(table: pa.Table, name: str) -> Float64Array:
    if name not in table.column_names:
        return np.full(len(table), np.nan)
    numbers: Float64Array = table[name].to_numpy().astype(float)
    return numbers
