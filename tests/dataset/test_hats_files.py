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
from tests.damaged_files import assert_only_galsearch_errors

READERS = {
    "hats.properties": read_properties,
    "partition_info.csv": read_partition_info,
    "sha256sums.txt": read_digests,
}


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


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("hats.properties", b"obs_collection=\xff", "not a text file in UTF-8."),
        (
            "hats.properties",
            "obs_collection=a\ndataproduct_type=b\nhats_nrows=²\n".encode(),
            "no valid value of hats_nrows.",
        ),
        (
            "hats.properties",
            b"obs_collection=a\ndataproduct_type=b\nhats_nrows=2\nhats_nrows=3\n",
            "states hats_nrows several times.",
        ),
        ("partition_info.csv", b"Norder,Npix\n0,\xff\n", "not a text file in UTF-8."),
        ("partition_info.csv", b"Norder,Npix\n0,12\n", "lists a pixel that HEALPix does not have."),
        ("partition_info.csv", b"Norder,Npix\n0,4\n0,4\n", "lists a partition twice."),
        (
            "partition_info.csv",
            b'Norder,Npix\n0,"' + b"4" * 200_000 + b'"\n',
            "expected the columns Norder,Npix of integers.",
        ),
        ("sha256sums.txt", b"\xff", "not a text file in UTF-8."),
        ("sha256sums.txt", b"abc  dataset/a.parquet\n", "expected lines of 'digest  path'."),
        ("sha256sums.txt", (b"a" * 64 + b"  a\n") * 2, "lists a file twice."),
    ],
)
def test_damaged_text_files_are_named(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        READERS[name](tmp_path)
    assert str(caught.value) == f"{tmp_path / name}: {reason}"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hats.properties", b"#HATS\nobs_collection=a\ndataproduct_type=b\nhats_nrows=12\n"),
        ("partition_info.csv", b"Norder,Npix\n0,4\n1,20\n"),
        ("sha256sums.txt", b"a" * 64 + b"  dataset/a.parquet\n"),
    ],
)
def test_damaged_text_files_raise_only_errors_of_galsearch(tmp_path, name, content):
    def read(damaged):
        (tmp_path / name).write_bytes(damaged)
        READERS[name](tmp_path)

    assert_only_galsearch_errors(read, [content])


def test_a_value_with_a_line_break_is_not_written(tmp_path):
    with pytest.raises(DatasetError) as caught:
        write_properties(tmp_path, {"obs_collection": "a\nhats_nrows=5"})
    assert str(caught.value) == (
        f"{tmp_path / 'hats.properties'}: the value of obs_collection is 'a\\nhats_nrows=5'; a "
        "value is one line of printable characters."
    )
    assert not list(tmp_path.iterdir())
