"""No file is written twice, or read and then replaced."""

from pathlib import Path

import pytest

from galsearch.cli.queries.different_files import require_different_files
from galsearch.core.errors import QueryError


def test_a_file_that_is_read_is_not_written(tmp_path: Path) -> None:
    table, other = tmp_path / "a.csv", tmp_path / "folder" / ".." / "a.csv"
    with pytest.raises(QueryError) as caught:
        require_different_files(written={"--out": other}, read={"--queries": str(table)})
    assert str(caught.value) == f"--queries and --out name the same file, {other}."


def test_a_file_is_not_written_twice(tmp_path: Path) -> None:
    with pytest.raises(QueryError) as caught:
        require_different_files(
            written={"--out": tmp_path / "a.csv", "--left-out": tmp_path / "a.csv"}, read={}
        )
    assert str(caught.value) == f"--out and --left-out name the same file, {tmp_path}/a.csv."


def test_two_inputs_may_be_one_file() -> None:
    require_different_files(
        written={"--out": "b.csv", "--gallery": None},
        read={"--image": "a.fits", "--spectrum": "a.fits"},
    )


def test_a_link_to_a_file_that_is_read_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "galaxies.csv").touch()
    (tmp_path / "GALAXIES.csv").hardlink_to(tmp_path / "galaxies.csv")
    with pytest.raises(QueryError, match="--queries and --out name the same file"):
        require_different_files(
            written={"--out": tmp_path / "GALAXIES.csv"},
            read={"--queries": tmp_path / "galaxies.csv"},
        )
