"""Rows of a table that a vector database receives: TARGETID, columns of the catalogue, vector."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from galsearch.core.errors import ShardError
from galsearch.core.ids import find_rows
from galsearch.databases.database_protocol import VECTOR
from galsearch.dataset import schema
from galsearch.embeddings.store import EmbeddingStore

_BATCH_ROWS = 1000


class ExportedRows:
    """The rows of one modality, whose catalogue columns are booleans, numbers and texts.

    Parameters
    ----------
    catalogue
        The catalogue beside the embeddings, in order of TARGETID.
    store
        The vectors of one modality.
    """

    def __init__(self, catalogue: pa.Table, store: EmbeddingStore) -> None:
        names = [field.name for field in catalogue.schema if _is_exported(field)]
        self._catalogue = pa.table({name: _plain(catalogue[name]) for name in names})
        self._ids = catalogue[schema.TARGET_ID].to_numpy()
        self._store = store
        vector = pa.field(VECTOR, pa.list_(pa.float32(), store.dim))
        self.schema = self._catalogue.schema.append(vector)
        self.left_out = [name for name in catalogue.column_names if name not in names]
        """Columns of the catalogue that a vector database cannot hold."""
        self.n_rows = 0
        """Number of rows that were read so far."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, a thousand at a time; one shard is in memory.

        Raises
        ------
        ShardError
            Where a shard is damaged, or holds a galaxy without a row in the catalogue.
        """
        for ids, vectors in self._store.iter_vectors():
            rows = find_rows(self._ids, ids)
            if (rows < 0).any():
                raise ShardError(
                    f"{self._store.directory}: TARGETID {ids[rows < 0][0]} has no row in the "
                    "catalogue."
                )
            for start in range(0, len(ids), _BATCH_ROWS):
                part = slice(start, start + _BATCH_ROWS)
                yield self._batch(rows[part], vectors[part])

    def _batch(self, rows: np.ndarray, vectors: np.ndarray) -> pa.RecordBatch:
        columns = self._catalogue.take(pa.array(rows)).combine_chunks().columns
        arrays = [column.chunk(0) for column in columns]
        flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
        arrays.append(pa.FixedSizeListArray.from_arrays(flat, self._store.dim))
        self.n_rows += len(rows)
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _is_exported(field: pa.Field) -> bool:
    """True for a column that every vector database holds under its name."""
    kind = field.type
    plain = (
        pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    )
    is_name = field.name.isidentifier() and field.name.isascii()
    return bool(plain and is_name and kind != pa.uint64() and field.name != VECTOR)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as a boolean, int64, float32, float64 or string; NaN is missing."""
    kind = column.type
    if pa.types.is_integer(kind):
        return column.cast(pa.int64())
    if pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if not pa.types.is_floating(kind):
        return column
    floats = column.cast(pa.float32()) if kind == pa.float16() else column
    return pc.if_else(pc.is_nan(floats), pa.scalar(None, floats.type), floats)
