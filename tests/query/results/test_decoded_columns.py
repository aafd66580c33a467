"""Columns decoded from Parquet row groups."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from galsearch.core.errors import ManifestError
from galsearch.query.results import decoded_columns
from galsearch.query.results.decoded_columns import ParquetColumns, RowGroupCache

TABLE = pa.table({"n": range(7), "name": list("abcdefg"), "tags": [[i] for i in range(7)]})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("decoded") / "catalogue.parquet"
    pq.write_table(TABLE, found, row_group_size=2)
    return found


def columns_of(path: Path, cache: RowGroupCache) -> ParquetColumns:
    return ParquetColumns(0, str(path), lambda: path.open("rb"), cache)


@settings(max_examples=30)
@given(rows=st.lists(st.integers(0, 6), max_size=9))
def test_rows_of_any_groups_come_in_the_order_of_the_request(path: Path, rows: list[int]) -> None:
    columns = columns_of(path, RowGroupCache())
    found = columns.take(np.array(rows, np.int64), ["tags", "n"])
    assert [column.to_pylist() for column in found] == [[[row] for row in rows], rows]
    assert [column.type for column in found] == [pa.list_(pa.int64()), pa.int64()]


def test_decoded_parts_beyond_the_limit_are_dropped(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = RowGroupCache()
    columns = columns_of(path, cache)
    monkeypatch.setattr(decoded_columns, "CACHED_BYTES", 120)
    for row in (0, 3, 6, 0):
        assert columns.take(np.array([row]), TABLE.column_names)[0].to_pylist() == [row]
        assert cache.n_bytes() <= 120
    monkeypatch.setattr(decoded_columns, "CACHED_BYTES", 1)
    columns.take(np.array([3]), TABLE.column_names)
    kept = dict(cache._groups)
    columns.take(np.array([2]), TABLE.column_names)
    assert cache._groups == kept
    assert len(cache) == 1


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(ManifestError, match=f"^{path}: is damaged"):
        columns_of(path, RowGroupCache())
