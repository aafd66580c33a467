"""Paths are equal where they lead to one file, also where names differ in case alone."""

from pathlib import Path

import pytest

from galsearch.files.staged import same_file
from galsearch.files.staged.same_file import file_identity, ignores_case


def test_links_and_detours_lead_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    (tmp_path / "link.csv").symlink_to(path)
    (tmp_path / "hard.csv").hardlink_to(path)
    (tmp_path / "other.csv").touch()
    names = ("a.csv", "link.csv", "hard.csv", "sub/../a.csv")
    (tmp_path / "sub").mkdir()
    assert len({file_identity(tmp_path / name) for name in names}) == 1
    assert file_identity(tmp_path / "other.csv") != file_identity(path)


def test_files_that_do_not_exist_are_compared_by_path(tmp_path: Path) -> None:
    assert file_identity(tmp_path / "a.csv") == file_identity(tmp_path / "x" / ".." / "a.csv")
    assert file_identity(tmp_path / "a.csv") != file_identity(tmp_path / "b.csv")


def test_names_in_other_case_are_one_file_where_case_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file_identity(tmp_path / "a.csv") != file_identity(tmp_path / "A.csv")
    monkeypatch.setattr(same_file, "ignores_case", lambda _: True)
    assert file_identity(tmp_path / "a.csv") == file_identity(tmp_path / "A.csv")


def test_the_other_case_of_a_folder_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Folder"
    folder.mkdir()
    assert not ignores_case(folder)
    (tmp_path / "fOLDER").symlink_to(folder)  # as a file system that ignores case answers
    assert ignores_case(folder)
    assert ignores_case(folder / "123")
    assert not ignores_case(Path("/"))
