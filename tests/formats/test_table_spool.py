"""Tables that wait in a temporary file are read back in order, as often as wanted."""

import pyarrow as pa
from hypothesis import given, settings

from galsearch.formats.table_spool import spooled
from tests.formats.odd_tables import SCHEMA, tables


@settings(max_examples=15)
@given(tables(), tables())
def test_tables_are_read_twice(first: pa.Table, second: pa.Table) -> None:
    with spooled(SCHEMA, iter([first, second])) as spool:
        for _ in range(2):
            rows = [row for table in spool for row in table.to_pylist()]
            assert repr(rows) == repr(first.to_pylist() + second.to_pylist())
