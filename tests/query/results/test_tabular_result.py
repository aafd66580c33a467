"""A result as a table of every library, and as a file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import MissingExtraError, TableFormatError
from galsearch.query import Neighbours, NeighboursBatch, SearchEngine
from tests.query.queried_sky import N_SPECTRA


@pytest.fixture(scope="module")
def one(engine: SearchEngine) -> Neighbours:
    return engine.query(int(engine.index.ids[3]), k=5)


@pytest.fixture(scope="module")
def batch(engine: SearchEngine) -> NeighboursBatch:
    return engine.query_many(engine.index.ids[:4], using="spectrum", among="spectrum", k=3)


def test_arrow_has_one_row_for_each_neighbour_with_the_catalogue(
    one: Neighbours, engine: SearchEngine
) -> None:
    table = one.to_arrow()
    assert table["rank"].to_pylist() == [1, 2, 3, 4, 5]
    assert table["query_target_id"].to_pylist() == [int(engine.index.ids[3])] * 5
    assert table["target_id"].to_pylist() == one.target_ids.tolist()
    np.testing.assert_array_equal(table["similarity"].to_numpy(), one.similarity)
    known = [None if np.isnan(z) else z for z in one.z.tolist()]
    assert table["z"].to_pylist() == known
    assert table.schema.field("ra_deg").metadata[b"unit"] == b"deg"
    assert pa.table(one).equals(table)


def test_a_batch_is_the_tables_of_its_queries(batch: NeighboursBatch) -> None:
    table = batch.to_arrow()
    assert table.equals(pa.concat_tables([row.to_arrow() for row in batch]))
    assert len(table) == batch.counts.sum()


def test_padding_and_queries_without_neighbours_have_no_rows(engine: SearchEngine) -> None:
    ids = engine.index.ids[[0, N_SPECTRA - 1]]
    found = engine.query_many(ids, using="spectrum", among="spectrum", k=3, ids=[int(ids[0])])
    assert found.counts.tolist() == [0, 1]
    assert found.to_arrow()["query_target_id"].to_pylist() == [int(ids[1])]
    assert found[0].to_arrow().num_rows == 0
    assert found[0].to_arrow().schema.equals(found.to_arrow().schema, check_metadata=True)


def test_polars_pandas_and_astropy_hold_the_same_exact_values(one: Neighbours) -> None:
    wanted = one.to_arrow().to_pydict()
    frame = one.to_polars()
    assert frame.to_dict(as_series=False) == wanted
    assert frame.schema["target_id"] == pl.Int64
    assert pl.DataFrame(one).equals(frame)
    pandas = one.to_pandas()
    assert pandas["target_id"].tolist() == wanted["target_id"]
    assert [None if pd.isna(z) else z for z in pandas["z"]] == wanted["z"]
    table = one.to_astropy()
    assert {name: table[name].tolist() for name in table.colnames} == wanted
    assert table["target_id"].dtype == np.int64
    assert table["dec_deg"].unit == "deg"


def test_whole_numbers_with_missing_values_stay_exact() -> None:
    batch = NeighboursBatch(
        target_ids=np.array([[2**53 + 1]]),
        similarity=np.array([[0.5]], np.float32),
        ra_deg=np.full((1, 1), np.nan),
        dec_deg=np.full((1, 1), np.nan),
        z=np.full((1, 1), np.nan),
        exact=np.array([True]),
        using="image",  # type: ignore[arg-type]
        among="image",  # type: ignore[arg-type]
        query_target_ids=None,
    )
    frame = batch.to_pandas()
    assert frame["target_id"].tolist() == [2**53 + 1]
    assert frame["query_target_id"].isna().tolist() == [True]
    assert batch.to_astropy()["query_target_id"].tolist() == [None]
    assert batch[0].to_polars()["z"].to_list() == [None]


@pytest.mark.parametrize(("name", "method"), [("polars", "to_polars"), ("pandas", "to_pandas")])
def test_a_missing_library_is_named(
    one: Neighbours, name: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError) as caught:
        getattr(one, method)()
    assert str(caught.value) == f"{name} is not installed: pip install 'galsearch[tables]'."


def test_a_file_is_written_in_the_format_of_its_name(
    batch: NeighboursBatch, tmp_path: Path
) -> None:
    path = batch.write(tmp_path / "found.parquet", links=True)
    assert pq.read_table(path).equals(batch.to_arrow(links=True))
    again = batch.write(tmp_path / "found.txt", format="csv")
    assert again.read_text().startswith("query_target_id,rank,target_id,similarity,ra_deg")
    with pytest.raises(TableFormatError) as caught:
        batch.write(tmp_path / "found.csv", format="xls")
    assert str(caught.value) == "format is 'xls', which is not known."
    assert not (tmp_path / "found.csv").exists()


def test_a_query_loads_no_library_of_tables(home: Path) -> None:
    code = (
        "import sys, galsearch\n"
        f"engine = galsearch.open_index({str(home / 'index_builds' / 'toy')!r})\n"
        "engine.query(int(engine.index.ids[0]))\n"
        "print([m for m in ('pyarrow', 'polars', 'pandas', 'astropy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
