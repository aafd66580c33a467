"""Columns of any Arrow type become plain ones with the same values."""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from galsearch.formats.columns.plain_columns import plain_schema, plain_table

DAY = datetime.datetime(2020, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("values", "kind", "found"),
    [
        (["a", None, "a"], pa.dictionary(pa.int8(), pa.string()), ["a", None, "a"]),
        (["é", None], pa.large_string(), ["é", None]),
        (["é", None], pa.string_view(), ["é", None]),
        ([None, None], pa.null(), [None, None]),
        ([1.5, None], pa.float16(), [1.5, None]),
        ([2**64 - 1, None], pa.uint64(), ["18446744073709551615", None]),
        ([Decimal("1.20"), None], pa.decimal128(5, 2), ["1.20", None]),
        ([DAY, None], pa.timestamp("s"), ["2020-01-02T03:04:05", None]),
        ([DAY, None], pa.timestamp("ms", "Europe/Paris"), ["2020-01-02T03:04:05.000Z", None]),
        ([DAY.date(), None], pa.date32(), ["2020-01-02", None]),
        ([DAY.time(), None], pa.time32("s"), ["03:04:05", None]),
        ([datetime.timedelta(1), None], pa.duration("s"), ["1 day, 0:00:00", None]),
        ([[1, 2], None, []], pa.list_(pa.int8()), ["[1, 2]", None, "[]"]),
        ([{"a": b"\xff"}, None], pa.struct([("a", pa.binary())]), ['{"a": "/w=="}', None]),
        ([b"\xff", None], pa.binary(), ["/w==", None]),
    ],
)
def test_a_column_keeps_its_values(values: list, kind: pa.DataType, found: list) -> None:
    field = pa.field("c", kind, metadata={"unit": "deg"})
    table = pa.table([pa.array(values, kind)], schema=pa.schema([field], metadata={"a": "b"}))
    plain = plain_table(table)
    assert plain["c"].to_pylist() == found
    assert plain.schema.equals(plain_schema(table.schema), check_metadata=True)
    assert plain.schema.field("c").metadata == {b"unit": b"deg"}
    assert plain_table(plain).equals(plain)
