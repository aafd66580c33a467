"""Tables that wait in a temporary file are read back in order, as often as wanted."""

import tempfile

import pyarrow as pa
import pytest
from hypothesis import given, settings

from galsearch.formats import table_spool
from galsearch.formats.table_spool import spooled
from tests.formats.odd_tables import SCHEMA, tables


@settings(max_examples=15)
@given(tables(), tables())
def test_tables_are_read_twice(first: pa.Table, second: pa.Table) -> None:
    with spooled(SCHEMA, iter([first, second])) as spool:
        for _ in range(2):
            rows = [row for table in spool for row in table.to_pylist()]
            assert repr(rows) == repr(first.to_pylist() + second.to_pylist())


def test_few_rows_need_no_directory_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", refuse)
    monkeypatch.setattr(tempfile, "tempdir", None)
    table = pa.table({"a": [1, 2]})
    with spooled(table.schema, iter([table])) as spool:
        assert [part.to_pydict() for part in spool] == [{"a": [1, 2]}]
    monkeypatch.setattr(table_spool, "_MOST_IN_MEMORY_BYTES", 10)
    with (
        pytest.raises(FileNotFoundError, match="No usable temporary directory"),
        spooled(table.schema, iter([table])),
    ):
        pass
