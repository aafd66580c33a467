"""Parquet files hold every value, type and unit."""

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings

from galsearch.formats.parquet_rows import write_parquet
from tests.formats.odd_tables import same, tables, written


@settings(max_examples=15)
@given(tables())
def test_everything_is_read_back(table: pa.Table) -> None:
    found = pq.read_table(written(write_parquet, table, table))
    assert found.schema.equals(table.schema, check_metadata=True)
    for name in table.column_names:
        assert all(map(same, found[name].to_pylist(), table[name].to_pylist() * 2)), name


def test_small_chunks_become_row_groups_of_many_rows() -> None:
    chunk = pa.table({"target_id": pa.array(range(30_000), pa.int64())})
    file = pq.ParquetFile(written(write_parquet, *[chunk] * 7))
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == [90_000, 90_000, 30_000]
    assert file.read()["target_id"].to_pylist() == chunk["target_id"].to_pylist() * 7
