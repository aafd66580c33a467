"""Packed rows hold the same values as the catalogue table."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from galsearch.formats.columns.plain_columns import plain_lists
from galsearch.index.build import pack_rows
from galsearch.index.build.pack_rows import write_packed_rows
from galsearch.index.vectors.packed_rows import PackedRows
from galsearch.query.results.packed_columns import PackedColumnReader
from tests.formats.odd_tables import same, tables


def read_back(table: pa.Table) -> pa.Table:
    """The table as Parquet gives it back."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return pq.read_table(file).replace_schema_metadata()


def unpacked(table: pa.Table, schema: pa.Schema, rows: np.ndarray) -> pa.Table:
    """Some rows of a table after they were packed and read."""
    with TemporaryDirectory() as name:
        write_packed_rows(table, Path(name), schema)
        packed = PackedRows.open(Path(name), n_galaxies=len(table))
        reader = PackedColumnReader(packed, schema)
        arrays = reader.arrays(rows)
        found = pa.table(arrays, names=reader.names)
        assert repr(reader.lists(rows)) == repr(lists_with_none(found))
        found.validate(full=True)
        return found


def lists_with_none(table: pa.Table) -> list:
    """The values of `plain_lists`, with None for every missing value."""
    pairs = zip(plain_lists(table), table.columns, strict=True)
    return [
        [
            v if there else None
            for v, there in zip(values, column.is_valid().to_pylist(), strict=True)
        ]
        for values, column in pairs
    ]


@settings(max_examples=60)
@given(table=tables())
def test_every_value_of_odd_tables_comes_back(table: pa.Table) -> None:
    wanted = read_back(table)
    rows = np.arange(len(table))[::-1]
    found = unpacked(table, wanted.schema, rows)
    assert found.schema.equals(wanted.schema.remove_metadata(), check_metadata=False)
    assert same(found, wanted.take(pa.array(rows, pa.int64())))


def test_times_half_floats_and_dictionaries_come_back() -> None:
    table = pa.table(
        {
            "time": pa.array([1, None, 3], pa.timestamp("s", "UTC")),
            "day": pa.array([1, 2, None], pa.date32()),
            "duration": pa.array([None, 5, 6], pa.duration("us")),
            "half": pa.array(np.array([1.5, -0.0, np.nan], np.float16)),
            "class": pa.array(["a", None, "a"]).dictionary_encode(),
            "long": pa.array(["", "é", None], pa.large_string()),
            "big": pa.array([2**64 - 1, 0, None], pa.uint64()),
            "clock": pa.array([1, 2, None], pa.time32("ms")),
            "none": pa.array([None, None, None], pa.string()),
        }
    )
    wanted = read_back(table)
    found = unpacked(table, wanted.schema, np.array([2, 0, 1, 1]))
    assert repr(found.to_pydict()) == repr(wanted.take(pa.array([2, 0, 1, 1])).to_pydict())
    assert found.schema.types == wanted.schema.types


def test_a_table_longer_than_a_chunk_shares_its_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_rows, "_CHUNK_ROWS", 3)
    table = pa.table({"target_id": range(8), "kind": list("abcabcab")})
    write_packed_rows(table, tmp_path, table.schema)
    packed = PackedRows.open(tmp_path, n_galaxies=8)
    assert len(packed.texts) == 4
    found = PackedColumnReader(packed, table.schema).arrays(np.arange(8))
    assert found[1].to_pylist() == list("abcabcab")
