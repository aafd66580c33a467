"""The place of each column in a packed row."""

import pyarrow as pa

from galsearch.index.vectors.packed_layout import is_text, packed_columns, packed_counts


def test_columns_of_one_width_have_consecutive_places() -> None:
    kinds = [pa.int64(), pa.float32(), pa.timestamp("ms"), pa.bool_(), pa.float16(), pa.int8()]
    found = packed_columns(pa.schema([(f"c{i}", kind) for i, kind in enumerate(kinds)]))
    assert [(one.width_bytes, one.position) for one in found] == [
        *[(8, 0), (4, 0), (8, 1), (1, 0), (2, 0), (1, 1)]
    ]
    assert packed_counts(found) == (2, 1, 1, 2)


def test_values_of_other_sizes_and_nested_values_are_not_packed() -> None:
    kinds = [
        pa.decimal128(10, 2),
        pa.decimal32(5, 2),
        pa.list_(pa.int8()),
        pa.struct({"a": pa.int8()}),
        pa.binary(),
        pa.binary(8),
        pa.null(),
        pa.dictionary(pa.int8(), pa.int64()),
        pa.month_day_nano_interval(),
    ]
    assert packed_columns(pa.schema([(f"c{i}", kind) for i, kind in enumerate(kinds)])) == []


def test_texts_of_every_encoding_are_packed_as_texts() -> None:
    kinds = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
    assert all(map(is_text, kinds))
    found = packed_columns(pa.schema([(f"c{i}", kind) for i, kind in enumerate(kinds)]))
    assert all(column.is_text and column.width_bytes == 8 for column in found)
