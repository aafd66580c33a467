"""Columns from packed rows; `tests/index/build/test_pack_rows.py` compares their values."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.errors import ManifestError
from galsearch.index.build.pack_rows import write_packed_rows
from galsearch.index.vectors.packed_rows import PackedRows
from galsearch.query.results import packed_columns
from galsearch.query.results.packed_columns import PackedColumnReader

TABLE = pa.table({"target_id": range(6), "name": list("abcdea"), "tags": [[1]] * 6})


def reader_of(folder: Path) -> PackedColumnReader:
    write_packed_rows(TABLE, folder, TABLE.schema)
    return PackedColumnReader(PackedRows.open(folder, n_galaxies=6), TABLE.schema)


def test_columns_that_are_not_packed_are_left_out(tmp_path: Path) -> None:
    reader = reader_of(tmp_path)
    assert reader.names == ["target_id", "name"]
    assert reader.lists(np.array([5, 1])) == [[5, 1], ["a", "b"]]


def test_rows_of_another_layout_are_refused(tmp_path: Path) -> None:
    write_packed_rows(TABLE, tmp_path, TABLE.schema)
    packed = PackedRows.open(tmp_path, n_galaxies=6)
    with pytest.raises(ManifestError) as caught:
        PackedColumnReader(packed, TABLE.schema.append(pa.field("z", pa.float32())))
    assert str(caught.value) == (
        f"{tmp_path / 'catalogue-rows.npy'}: rows with (2, 0, 0, 0) values of 8, 4, 2 and 1 bytes, "
        "and (2, 1, 0, 0) for the columns of the catalogue beside it."
    )


def test_known_texts_stay_within_their_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_columns, "KNOWN_TEXTS", 3)
    reader = reader_of(tmp_path)
    for rows in ([0, 1], [2], [3, 4], [0, 1, 2, 3, 4], [5]):
        wanted = [list("abcdea")[row] for row in rows]
        assert reader.lists(np.array(rows))[1] == wanted
        assert len(reader._texts._known) <= 3


def test_no_rows_are_empty_columns(tmp_path: Path) -> None:
    arrays = reader_of(tmp_path).arrays(np.array([], np.int64))
    assert [len(array) for array in arrays] == [0, 0]
