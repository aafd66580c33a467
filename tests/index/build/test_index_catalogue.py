"""The catalogue of an index is that of the embeddings in order of TARGETID."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.core.errors import NoEmbeddingsError, ShardError
from galsearch.core.modality import Modality
from galsearch.index.build.index_catalogue import read_catalogue, write_catalogue

IDS = 2**60 + np.array([7, 2, 9, 4])
"""TARGETIDs that a float64 cannot represent, not in order."""


def table(ids: np.ndarray = IDS) -> pa.Table:
    return pa.table(
        {
            "target_id": ids,
            "ra_deg": np.arange(len(ids), dtype=float),
            "dec_deg": -np.arange(len(ids), dtype=float),
            "z": pa.array([0.5, None, 0.25, 1.5]),
            "survey": ["a", "b", "c", "d"],
        }
    )


def test_the_files_are_in_order_of_targetid(tmp_path: Path) -> None:
    assert write_catalogue(table(), tmp_path, {Modality.IMAGE: IDS[:2]}, tmp_path) == 4
    order = np.argsort(IDS)
    np.testing.assert_array_equal(np.load(tmp_path / "ids.npy"), IDS[order])
    records = np.load(tmp_path / "catalogue.npy")
    np.testing.assert_array_equal(records["target_id"], IDS[order])
    np.testing.assert_array_equal(records["ra_deg"], order)
    np.testing.assert_array_equal(records["z"], [np.nan, 1.5, 0.5, 0.25])
    whole = pq.read_table(tmp_path / "catalogue.parquet")
    assert whole["survey"].to_pylist() == ["b", "d", "a", "c"]
    assert whole["z"].to_pylist() == [None, 1.5, 0.5, 0.25]


def test_a_repeated_targetid_is_refused(tmp_path: Path) -> None:
    ids = IDS.copy()
    ids[3] = ids[0]
    with pytest.raises(ShardError) as caught:
        write_catalogue(table(ids), tmp_path, {}, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'catalogue.parquet'}: TARGETID {ids[0]} occurs twice."
    )


def test_an_embedded_galaxy_must_be_in_the_catalogue(tmp_path: Path) -> None:
    embedded = {Modality.SPECTRUM: np.array([IDS[0], IDS[0] + 1000])}
    with pytest.raises(ShardError) as caught:
        write_catalogue(table(), tmp_path, embedded, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'catalogue.parquet'}: lacks 1 of 2 galaxies with spectrum vectors, "
        f"first TARGETID {IDS[0] + 1000}."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_catalogue_is_read_with_all_its_columns(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "catalogue.parquet")
    assert read_catalogue(tmp_path, {}).equals(table())


def test_a_missing_catalogue_and_a_missing_column_are_named(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.parquet"
    with pytest.raises(NoEmbeddingsError) as missing:
        read_catalogue(tmp_path, {})
    assert str(missing.value) == f"{path}: the catalogue beside the embeddings is missing."
    pq.write_table(table().drop_columns(["ra_deg", "z"]), path)
    with pytest.raises(ShardError) as caught:
        read_catalogue(tmp_path, {})
    assert str(caught.value) == f"{path}: has no column ra_deg, z."
