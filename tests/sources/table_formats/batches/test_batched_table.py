"""NumPy arrays become Arrow columns without loss."""

import numpy as np
import pyarrow as pa
import pytest

from galsearch.sources.table_formats.batches.batched_table import arrow_column, arrow_type


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2], ">i8"),
        np.array([[1.5, 2.5], [3.5, 4.5]], ">f4"),
        np.zeros((2, 3, 4), np.float16),
        np.array([True, False]),
        np.array(["a", "bc"]),
    ],
)
def test_values_and_types_agree(values: np.ndarray) -> None:
    column = arrow_column(values)
    assert column.to_pylist() == values.tolist()
    assert column.type == arrow_type(values.dtype, values.shape[1:])


def test_bytes_are_text_and_masked_values_are_null() -> None:
    assert arrow_column(np.array([b"a", b"b"])).to_pylist() == ["a", "b"]
    masked = np.ma.MaskedArray([[1, 2], [3, 4]], [[False, True], [False, False]])
    assert arrow_column(masked).to_pylist() == [[1, None], [3, 4]]


def test_complex_numbers_have_no_type() -> None:
    assert arrow_type(np.dtype(complex), ()) is None
    assert arrow_type(np.dtype("<f4"), (2, 3)) == pa.list_(pa.list_(pa.float32(), 3), 2)
