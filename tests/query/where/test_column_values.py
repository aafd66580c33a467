"""Values of Arrow columns."""

import pyarrow as pa

from galsearch.query.where.column_values import Kind, column_values


def test_values_are_exact_and_missing_ones_are_marked() -> None:
    for column, kind, first in (
        (pa.array([2**64 - 1, None], pa.uint64()), Kind.WHOLE, 2**64 - 1),
        (pa.array([39627848784286003, None]), Kind.WHOLE, 39627848784286003),
        (pa.array([0.5, float("nan")], pa.float32()), Kind.FLOAT, 0.5),
        (pa.array([True, None]), Kind.TRUTH, True),
    ):
        values = column_values(column, "x")
        assert (values.kind, values.data[0]) == (kind, first)
        assert values.missing.tolist() == [False, True]
    assert column_values(pa.nulls(2), "x").missing.tolist() == [True, True]
