"""Files and directories appear complete or not at all."""

import json
from pathlib import Path

import numpy as np
import pytest

from galsearch.core.errors import OutputExistsError
from galsearch.files.atomic import (
    new_directory,
    new_file,
    write_array,
    write_arrays,
    write_bytes,
    write_json,
    write_text,
)


def test_a_directory_appears_when_its_block_ends(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with new_directory(out) as folder:
        (folder / "a.txt").write_text("1")
        assert not out.exists()
    assert (out / "a.txt").read_text() == "1"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_directory_that_failed_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with new_directory(tmp_path / "out") as folder:
            (folder / "a.txt").write_text("1")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_with_content_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("42")
    with pytest.raises(OutputExistsError) as caught, new_directory(out):
        pass
    assert str(caught.value) == f"{out}: exists and is not empty."
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "thesis.tex"]


def test_a_directory_that_another_run_filled_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def overtaken() -> None:
        with new_directory(out) as folder:
            (folder / "own.txt").write_text("own")
            out.mkdir()
            (out / "other.txt").write_text("other")

    with pytest.raises(OSError):
        overtaken()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "other.txt"]


def test_a_directory_is_replaced_only_by_a_complete_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.txt").write_text("old")
    with pytest.raises(RuntimeError), new_directory(out, replace=True):
        raise RuntimeError
    assert [path.name for path in out.iterdir()] == ["old.txt"]
    with new_directory(out, replace=True) as folder:
        (folder / "new.txt").write_text("new")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "new.txt"]


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_only_by_a_complete_one(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "first", durable=durable)

    def interrupted() -> None:
        with new_file(path, durable=durable) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert path.read_text() == "first"
    write_text(path, "second", durable=durable)
    assert path.read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]


def test_written_arrays_and_texts_are_read_unchanged(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"z": 0.5})
    write_bytes(tmp_path / "a.bin", b"\0\1")
    write_array(tmp_path / "a.npy", np.arange(3))
    write_arrays(tmp_path / "a.npz", first=np.arange(2), second=np.ones(1))
    assert json.loads((tmp_path / "a.json").read_text()) == {"z": 0.5}
    assert (tmp_path / "a.json").read_text().endswith("}\n")
    assert (tmp_path / "a.bin").read_bytes() == b"\0\1"
    assert np.load(tmp_path / "a.npy").tolist() == [0, 1, 2]
    with np.load(tmp_path / "a.npz") as arrays:
        assert sorted(arrays) == ["first", "second"]
        assert arrays["second"].tolist() == [1.0]
