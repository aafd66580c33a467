"""The catalogue of changed segments lacks removed galaxies and keeps the columns of all parts."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from galsearch.index.lifecycle.segment_catalogue import (
    concatenate,
    read_all_present,
    read_present,
)
from galsearch.index.vectors.array_files import CATALOGUE_TABLE_NAME
from galsearch.index.vectors.catalogue import CatalogueSegment
from tests.damaged_files import assert_only_galsearch_errors

NO_RECORDS = np.empty(0)
IDS = 2**60 + np.array([1, 3, 5, 7])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Directory of a segment with four galaxies."""
    table = pa.table({"target_id": IDS, "z": [0.1, None, 0.3, 0.4], "survey": list("abcd")})
    pq.write_table(table, tmp_path / CATALOGUE_TABLE_NAME)
    return tmp_path


def segment(folder: Path, removed: np.ndarray) -> CatalogueSegment:
    """The catalogue segment of a directory, from which galaxies were removed."""
    return CatalogueSegment(folder, IDS, NO_RECORDS, removed)


def test_removed_galaxies_are_left_out_and_others_keep_their_columns(folder: Path) -> None:
    table = read_present(segment(folder, IDS[[0, 2]]))
    assert table.to_pydict() == {
        "target_id": IDS[[1, 3]].tolist(),
        "z": [None, 0.4],
        "survey": ["b", "d"],
    }


def test_damaged_catalogues_raise_only_errors_of_galsearch(folder: Path) -> None:
    path = folder / CATALOGUE_TABLE_NAME

    def read(content: bytes) -> None:
        path.write_bytes(content)
        read_present(segment(folder, IDS[:1]))

    assert_only_galsearch_errors(read, [path.read_bytes()], copies=100)


def test_removed_targetids_of_other_segments_and_none_at_all_change_nothing(folder: Path) -> None:
    whole = pq.read_table(folder / CATALOGUE_TABLE_NAME)
    assert read_present(segment(folder, IDS[:0])).equals(whole)
    assert read_present(segment(folder, IDS[:1] + 1)).equals(whole)


def test_a_column_that_a_segment_lacks_is_null_there(folder: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    table = pa.table({"target_id": IDS + 100, "mag_r": [1.0, 2.0, 3.0, 4.0]})
    pq.write_table(table, second / CATALOGUE_TABLE_NAME)
    opened: Any = SimpleNamespace(
        catalogue_segments=(segment(folder, IDS[:3]), segment(second, IDS[1:] + 100))
    )
    assert read_all_present(opened).to_pydict() == {
        "target_id": [IDS[3], IDS[0] + 100],
        "z": [0.4, None],
        "survey": ["d", None],
        "mag_r": [None, 1.0],
    }


def test_the_order_of_tables_is_the_order_of_rows() -> None:
    one, other = pa.table({"target_id": IDS[:2]}), pa.table({"target_id": IDS[2:]})
    joined = concatenate([], [(other, Path("b.parquet")), (one, Path("a.parquet"))])
    assert joined["target_id"].to_pylist() == [*IDS[2:], *IDS[:2]]
