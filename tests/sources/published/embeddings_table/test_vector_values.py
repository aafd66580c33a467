"""Vectors are read from lists, tensors and columns of numbers."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.errors import EmbeddingTableError
from galsearch.sources.published.embeddings_table.vector_values import BatchVectors, batch_vectors

ROWS = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def vectors(column: Any, dim: int | None = None) -> BatchVectors:
    batch = pa.RecordBatch.from_arrays([column], names=["v"])
    return batch_vectors("t", batch, ["v"], dim)


def tensors() -> pa.Array:
    kind = pa.fixed_shape_tensor(pa.float32(), [3])
    return pa.ExtensionArray.from_storage(kind, pa.array(ROWS, kind.storage_type))


@pytest.mark.parametrize(
    "column",
    [
        pa.array(ROWS, pa.list_(pa.float32(), 3)),
        pa.array(ROWS, pa.list_(pa.float16())),
        pa.array(ROWS, pa.large_list(pa.float64())),
        pa.array(np.array(ROWS, int).tolist(), pa.list_(pa.int8(), 3)),
        pa.array([None, *ROWS, [0, 0, 0]], pa.list_(pa.float32(), 3)).slice(1, 2),
        pa.array([None, *ROWS, [0, 0, 0]], pa.list_(pa.float32())).slice(1, 2),
        tensors(),
    ],
    ids=lambda column: str(column.type),
)
def test_every_layout_gives_the_same_vectors(column: pa.Array) -> None:
    found = vectors(column)
    assert found.values.dtype == np.float32
    assert found.values.tolist() == ROWS
    assert found.lengths.tolist() == [3, 3]
    assert found.finite.all()


def test_rows_without_a_vector_are_told_apart() -> None:
    rows = [None, [1.0, 2.0], [1.0, 2.0, 3.0], [], [np.nan, 1.0], [None, 1.0], [1e300, 1.0]]
    found = vectors(pa.array(rows, pa.list_(pa.float64())))
    assert found.lengths.tolist() == [-1, 2, 3, 0, 2, 2, 2]
    assert found.finite.tolist() == [True, True, True, True, False, False, False]
    assert found.values[1].tolist() == [1, 2]
    assert not found.values[[0, 2, 3]].any()


def test_a_null_tensor_has_no_vector() -> None:
    found = vectors(pa.array([None, [1.0, 2.0]], pa.list_(pa.float32(), 2)))
    assert found.lengths.tolist() == [-1, 2]


def test_columns_of_numbers_are_dimensions() -> None:
    batch = pa.RecordBatch.from_pydict({"a": [1, 2], "b": [0.5, None]})
    found = batch_vectors("t", batch, ["a", "b"], None)
    assert found.values[0].tolist() == [1, 0.5]
    assert found.finite.tolist() == [True, False]


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pa.array(["a"]), "string"),
        (pa.array([["a"]]), "list<item: string>"),
        (pa.array([[[1.0]]]), "list<item: list<item: double>>"),
    ],
)
def test_something_else_is_refused(column: pa.Array, kind: str) -> None:
    with pytest.raises(EmbeddingTableError) as caught:
        vectors(column)
    assert str(caught.value) == (
        f"t: column v holds {kind}; expected lists of numbers, or tensors of one axis."
    )
