"""Rows of tables are read in batches; vectors go to a file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import EmbeddingTableError
from galsearch.core.progress import no_stage_progress
from galsearch.embeddings.imported.bad_rows import BadRows
from galsearch.embeddings.imported.read_rows import TableReader, TableRows, embedding_columns


def read(tmp_path: Path, *tables: pa.Table, skip: bool = False) -> TableRows:
    urls = [str(tmp_path / f"{number}.parquet") for number in range(len(tables))]
    for url, table in zip(urls, tables, strict=True):
        pq.write_table(table, url)
    choose = embedding_columns(
        "image", id_column=None, vector_column=None, columns=None, ids_from_positions=False
    )
    path = tmp_path / "vectors"
    with path.open("wb") as sink:
        reader = TableReader(sink, path, BadRows(skip), choose)
        return reader.read(urls, no_stage_progress)


def table(ids: list[int], **more: list[object]) -> pa.Table:
    return pa.table({"target_id": ids, "embedding": [[float(i), 1.0] for i in ids], **more})


def test_the_vector_of_a_row_is_found_by_its_row(tmp_path: Path) -> None:
    rows = read(tmp_path, table([5, 3]), table([0, 9]), skip=True)
    assert rows.target_ids.tolist() == [5, 3, 9]
    expected = np.array([[9.0, 1.0], [5.0, 1.0]])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(rows.vectors(np.array([2, 0])), expected, rtol=1e-6)
    assert rows.n_read == {str(tmp_path / "0.parquet"): 2, str(tmp_path / "1.parquet"): 2}
    assert np.isnan(rows.ra_deg).all()


def test_columns_of_several_tables_are_joined(tmp_path: Path) -> None:
    rows = read(tmp_path, table([5], mag=[1]), table([6], mag=[2.5], name=["a"]))
    assert rows.columns.to_pydict() == {"mag": [1.0, 2.5], "name": [None, "a"]}


def test_columns_that_cannot_be_joined_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingTableError, match=r"their columns cannot be joined \(.*mag"):
        read(tmp_path, table([5], mag=[1]), table([6], mag=["bright"]))


def test_tables_without_a_usable_row_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingTableError) as caught:
        read(tmp_path, table([-1, -2]), skip=True)
    assert str(caught.value) == f"{tmp_path}/0.parquet: no row can be used of 2."
