"""Rows are read shard by shard, each vector beside the columns of its galaxy."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import ShardError
from galsearch.databases import exported_rows as module
from galsearch.databases.exported_rows import ExportedRows
from galsearch.embeddings import open_store
from tests.databases.conftest import N, catalogue_columns


def read(embeddings: Path) -> tuple[ExportedRows, pa.Table]:
    catalogue = pq.read_table(embeddings / "catalogue.parquet").sort_by("target_id")
    rows = ExportedRows(catalogue, open_store(embeddings, "image"))
    return rows, pa.Table.from_batches(list(rows.batches()), rows.schema)


def test_rows_have_their_own_columns(
    database_embeddings: Path, database_sky: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH_ROWS", 7)
    rows, table = read(database_embeddings)
    assert rows.n_rows == len(table) == N
    assert rows.left_out == ["spectrum", "flux g"]
    assert table["target_id"].to_pylist() == database_sky.ids.tolist()
    vectors = table["embedding"].combine_chunks().flatten().to_numpy().reshape(N, -1)
    assert np.array_equal(vectors, database_sky.image)
    wanted = catalogue_columns(N)
    for name in ("kind", "has_bar", "mag_r", "n_arms"):
        assert table[name].to_pylist() == wanted[name].to_pylist()
    assert table["snr"].null_count == len(range(0, N, 6)), "NaN is missing"


def test_a_galaxy_without_a_row_is_an_error(database_embeddings: Path, database_sky: Any) -> None:
    catalogue = pq.read_table(database_embeddings / "catalogue.parquet").slice(1)
    store = open_store(database_embeddings, "image")
    with pytest.raises(ShardError) as caught:
        list(ExportedRows(catalogue, store).batches())
    assert str(caught.value) == (
        f"{store.directory}: TARGETID {database_sky.ids[0]} has no row in the catalogue."
    )
