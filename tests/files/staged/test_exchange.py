"""Directories are exchanged in one step, or by renames that can be undone."""

from pathlib import Path

import pytest

from galsearch.files.staged import exchange as module
from galsearch.files.staged.exchange import exchange, rename_to_free_name


@pytest.mark.parametrize("in_one_step", [True, False])
def test_two_directories_are_exchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(module, "_system_function", lambda: None)
    new, old = tmp_path / "new", tmp_path / "old"
    for path in (new, old):
        path.mkdir()
        (path / path.name).touch()
    exchange(new, old, aside=tmp_path / "aside")
    assert (old / "new").exists()
    assert (new / "old").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_name_that_is_taken_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(module, "_system_function", lambda: None)
    (tmp_path / "new").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        rename_to_free_name(tmp_path / "new", tmp_path / "link")
    rename_to_free_name(tmp_path / "new", tmp_path / "free")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["free", "link"]
