"""The text files of a HATS catalogue are read as they were written, or refused."""

import pytest

from galsearch.core.errors import DatasetError
from galsearch.dataset import open_dataset
from galsearch.dataset.hats_files import (
    read_digests,
    read_partition_info,
    read_properties,
    write_digests,
    write_partition_info,
    write_properties,
)


def message(path):
    with pytest.raises(DatasetError) as caught:
        _ = open_dataset(path).catalogue
    return str(caught.value)


def test_a_missing_directory_is_reported(tmp_path):
    path = tmp_path / "none"
    assert message(path) == f"{path}: no such directory; expected a dataset."


def test_an_empty_directory_is_reported(tmp_path):
    assert message(tmp_path) == (f"{tmp_path}: the directory is empty; expected a dataset.")


def test_a_directory_of_other_files_is_reported(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert message(tmp_path) == (
        f"{tmp_path}: the directory holds no hats.properties; expected a dataset."
    )


def test_the_files_are_read_as_they_were_written(tmp_path):
    properties = {"obs_collection": "tiny", "dataproduct_type": "object", "hats_nrows": "3"}
    write_properties(tmp_path, properties)
    write_partition_info(tmp_path, [(0, 4), (1, 20)])
    write_digests(tmp_path, {"dataset/a.parquet": "f" * 64})
    assert read_properties(tmp_path) == properties
    assert read_partition_info(tmp_path) == [(0, 4), (1, 20)]
    assert read_digests(tmp_path) == {"dataset/a.parquet": "f" * 64}


def test_a_file_of_another_format_is_refused(tmp_path):
    (tmp_path / "hats.properties").write_text("obs_collection=tiny\n")
    (tmp_path / "partition_info.csv").write_text("a,b\n1,2\n")
    (tmp_path / "sha256sums.txt").write_text("no digest\n")
    for read, text in (
        (read_properties, "hats.properties: no valid value of dataproduct_type, hats_nrows."),
        (read_partition_info, "partition_info.csv: expected the columns Norder,Npix of integers."),
        (read_digests, "sha256sums.txt: expected lines of 'digest  path'."),
    ):
        with pytest.raises(DatasetError) as caught:
            read(tmp_path)
        assert str(caught.value) == f"{tmp_path}/{text}"


def test_a_missing_file_is_reported(tmp_path):
    for read, name in (
        (read_partition_info, "partition_info.csv"),
        (read_digests, "sha256sums.txt"),
    ):
        with pytest.raises(DatasetError) as caught:
            read(tmp_path)
        assert str(caught.value) == f"{tmp_path / name}: no such file."
