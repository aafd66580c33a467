"""HDF5 files are tables where their data sets have one number of rows."""

import importlib
import io
from pathlib import Path
from typing import Any

import h5py
import pytest

from galsearch.core.errors import MissingExtraError, SourceError
from galsearch.sources.table_formats.batches.open_batches import open_batches


def test_the_groups_of_a_table_are_its_parts(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with h5py.File(path, "w") as file:
        file["0/x"], file["1/x"] = [[1.5], [2.5]], [[3.5]]
    with open_batches(str(path)) as table:
        assert table.parts == {"/0": 2, "/1": 1}
        assert [batch.num_rows for batch in table.batches(["x"], 10)] == [2, 1]


def test_h5py_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "table"
    with h5py.File(path, "w") as file:
        file["x"] = [1]

    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingExtraError) as caught, open_batches(str(path)):
        pass
    assert str(caught.value) == (
        f"{path}: reading HDF5 needs h5py, which is part of the extra 'hdf5' of galsearch and is "
        "not installed (No module named 'h5py')."
    )


def test_groups_with_different_columns_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with h5py.File(path, "w") as file:
        file["a/x"], file["b/y"] = [1], [2]
    with pytest.raises(SourceError) as caught, open_batches(str(path)):
        pass
    assert str(caught.value) == (
        f"{path}: its groups hold different tables: /a has the columns x, /b has y."
    )


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table"
    with h5py.File(path, "w") as file:
        file["x"], file["y"] = [1], [2, 3]
    with pytest.raises(SourceError) as caught, open_batches(str(path)):
        pass
    assert str(caught.value) == (
        f"{path}: the data sets of the group / have different numbers of rows: x 1, y 2."
    )


def test_files_without_a_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table"
    buffer = io.BytesIO()
    with h5py.File(buffer, "w"):
        pass
    path.write_bytes(buffer.getvalue())
    with pytest.raises(SourceError) as caught, open_batches(str(path)):
        pass
    assert str(caught.value) == f"{path}: holds no data set whose first axis could be rows."
