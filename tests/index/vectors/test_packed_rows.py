"""Packed catalogue rows: checks of what their files hold."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from galsearch.core.errors import ManifestError
from galsearch.files.atomic import write_array
from galsearch.index.build.pack_rows import write_packed_rows
from galsearch.index.vectors.packed_rows import PackedRows

TABLE = pa.table({"target_id": [1, 2, 3], "kind": ["BGS", None, "ELG"], "z": [0.1, 0.2, None]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_packed_rows(TABLE, tmp_path, TABLE.schema)
    return tmp_path


def test_rows_and_texts_are_read_by_number(folder: Path) -> None:
    packed = PackedRows.open(folder, n_galaxies=3)
    assert packed.counts == (3, 0, 0, 0)
    found = packed.at(np.array([2, 0, 2]))
    assert found["of_8_bytes"][:, 0].tolist() == [3, 1, 3]
    numbers = found["of_8_bytes"][:, 1].astype(np.int64)
    assert packed.texts_at(numbers) == ["ELG", "BGS", "ELG"]
    assert packed.texts_at(np.array([], np.int64)) == []


def test_every_changed_byte_of_a_row_is_noticed(folder: Path) -> None:
    path = folder / "catalogue-rows.npy"
    content, size = path.read_bytes(), PackedRows.open(folder, n_galaxies=3).rows.dtype.itemsize
    for place in range(len(content) - size, len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        packed = PackedRows.open(folder, n_galaxies=3)
        assert len(packed.at(np.array([0, 1]))) == 2
        with pytest.raises(ManifestError) as caught:
            packed.at(np.array([0, 2]))
        assert str(caught.value) == (
            f"{path}: row 2 is damaged: it has another CRC-32 than was written with it."
        )


@pytest.mark.parametrize("name", ["catalogue-texts.npy", "catalogue-text-bytes.npy"])
def test_every_changed_byte_of_a_text_is_noticed(folder: Path, name: str) -> None:
    path = folder / name
    content = path.read_bytes()
    for place in range(128, len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 0x84
        path.write_bytes(damaged)
        with pytest.raises(ManifestError):
            PackedRows.open(folder, n_galaxies=3).texts_at(np.arange(3))


def test_a_number_without_a_text_is_an_error(folder: Path) -> None:
    packed = PackedRows.open(folder, n_galaxies=3)
    for number in (3, -1, 2**62):
        with pytest.raises(ManifestError) as caught:
            packed.texts_at(np.array([0, number]))
        assert str(caught.value) == (
            f"{folder / 'catalogue-rows.npy'}: it names texts that are not there."
        )


def test_files_of_another_shape_are_named(folder: Path) -> None:
    path = folder / "catalogue-rows.npy"
    with pytest.raises(ManifestError) as caught:
        PackedRows.open(folder, n_galaxies=4)
    assert str(caught.value) == f"{path}: 3 rows of 29 bytes, not packed rows of 4 galaxies."
    write_array(path, np.zeros(3))
    with pytest.raises(ManifestError) as caught:
        PackedRows.open(folder, n_galaxies=3)
    assert str(caught.value) == f"{path}: 3 rows of 8 bytes, not packed rows of 3 galaxies."
    write_array(path, np.zeros((3, 3)))
    with pytest.raises(ManifestError) as caught:
        PackedRows.open(folder, n_galaxies=3)
    assert str(caught.value) == f"{path}: an array of shape (3, 3), not a list."


def test_texts_of_another_type_are_named(folder: Path) -> None:
    path = folder / "catalogue-texts.npy"
    write_array(path, np.zeros(3))
    with pytest.raises(ManifestError) as caught:
        PackedRows.open(folder, n_galaxies=3)
    assert str(caught.value) == f"{path}: float64, not records of texts."
