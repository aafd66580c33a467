"""JSON lines are strict JSON, and no TARGETID in them is a number."""

import json
import math

import numpy as np
import pyarrow as pa
from hypothesis import given, settings

from galsearch.formats.columns.column_descriptions import described
from galsearch.formats.json_lines import write_json_lines
from tests.formats.odd_tables import tables, written


def refuse(text: str) -> None:
    raise AssertionError(f"{text} is no JSON")


@settings(max_examples=15)
@given(tables())
def test_every_value_is_read_back(table: pa.Table) -> None:
    text = written(write_json_lines, table, table).getvalue().decode("ascii")
    rows = [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
    assert len(rows) == 2 * len(table)
    for found, wanted in zip(rows, table.to_pylist() * 2, strict=True):
        assert list(found) == table.column_names
        for name, value in wanted.items():
            if value is None or (isinstance(value, float) and not math.isfinite(value)):
                assert found[name] is None
            elif name == "target_id":
                assert found[name] == str(value)
            elif name == "similarity":
                assert np.float32(found[name]) == np.float32(value)
            elif type(value) is int and abs(value) > 2**53:
                assert found[name] == str(value)
            else:
                assert found[name] == value
                assert type(found[name]) is type(value)


def test_identifiers_are_text_and_float32_has_its_shortest_digits() -> None:
    table = pa.table(
        {
            "target_id": pa.array([5]),
            "_healpix_29": pa.array([6]),
            "rank": pa.array([7]),
            "similarity": pa.array([0.1], pa.float32()),
            "ra_deg": pa.array([10.0]),
        }
    )
    table = table.cast(pa.schema([described(field) for field in table.schema]))
    assert written(write_json_lines, table).getvalue() == (
        b'{"target_id": "5", "_healpix_29": "6", "rank": 7, "similarity": 0.1, "ra_deg": 10.0}\n'
    )
