"""Arrays of galaxies in memory and in files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from galsearch.core.errors import CheckpointError, DatasetError
from training.data.galaxy_arrays import array_in_file, array_in_memory


def chunks():
    values = torch.arange(24.0).reshape(6, 4)
    yield np.array([4, 0]), values[[4, 0]]
    yield np.array([1, 2, 3, 5]), values[[1, 2, 3, 5]]


def test_rows_come_out_where_they_belong(tmp_path: Path) -> None:
    for rows in (
        array_in_memory(6, chunks()),
        array_in_file(tmp_path / "a.npy", {"made": 1}, 6, chunks()),
        array_in_file(tmp_path / "a.npy", {"made": 1}, 6, iter(())),
    ):
        assert len(rows) == 6
        assert rows.take(torch.tensor([5, 0])).tolist() == [[20, 21, 22, 23], [0, 1, 2, 3]]
        assert [len(batch) for batch in rows.batches(4)] == [4, 2]


def test_a_row_that_is_missing_is_noticed(tmp_path: Path) -> None:
    message = "the catalogue lists 7 galaxies with this modality, the partitions hold 6."
    for make in (array_in_memory, lambda *a: array_in_file(tmp_path / "a.npy", {}, *a)):
        with pytest.raises(DatasetError) as caught:
            make(7, chunks())
        assert str(caught.value) == message
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_other_making_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    array_in_file(path, {"tower": "a" * 64, "version": 1}, 6, chunks())
    with pytest.raises(CheckpointError) as caught:
        array_in_file(path, {"tower": "b" * 64, "version": 2}, 6, chunks())
    assert str(caught.value) == (
        f"{path} was made from something else: tower is {16 * 'a'}..., not {16 * 'b'}...; "
        "version is 1, not 2. Name another directory, or delete it."
    )
    assert json.loads(path.with_suffix(".json").read_text())["version"] == 1


def test_numbers_beyond_half_precision_are_clipped() -> None:
    rows = array_in_memory(1, [(np.array([0]), torch.tensor([[1e9, -1e9, 0.5]]))])
    assert rows.take(torch.tensor([0])).tolist() == [[65504.0, -65504.0, 0.5]]
