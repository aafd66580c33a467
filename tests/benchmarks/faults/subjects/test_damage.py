"""Every kind of damage changes a file, and says so where it cannot."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.faults.subjects.damage import (
    KINDS,
    FileOfAnother,
    edit_record,
    permute_records,
    zero_page,
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Files of three kinds below a directory `subject/NAME`, as a trial makes them."""
    home = tmp_path / "subject" / "index"
    home.mkdir(parents=True)
    np.save(home / "a.npy", np.arange(9))
    np.save(home / "b.npy", np.arange(1, 9))
    (home / "a.json").write_text(json.dumps({"n": 3, "kinds": [{"name": "a", "flat": True}]}))
    (home / "b.json").write_text("{}")
    (home / "a.txt").write_text("first\nsecond\nthird\n")
    return home


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_damage_changes_the_file_or_says_that_it_cannot(files: Path, kind) -> None:
    for name in ("a.npy", "a.json", "a.txt"):
        before = (files / name).read_bytes()
        changed = any(kind(files / name, np.random.default_rng(seed)) for seed in range(1))
        after = (files / name).read_bytes() if (files / name).exists() else None
        assert (after != before) == changed, name


def test_a_permuted_array_keeps_its_header_and_values(files: Path) -> None:
    assert permute_records(files / "a.npy", np.random.default_rng(1))
    assert sorted(np.load(files / "a.npy")) == list(range(9))


def test_an_array_without_rows_cannot_be_permuted(files: Path) -> None:
    np.save(files / "a.npy", np.zeros((0, 3)))
    assert not permute_records(files / "a.npy", np.random.default_rng(1))


def test_an_edited_record_is_still_json_of_the_same_types(files: Path) -> None:
    assert edit_record(files / "a.json", np.random.default_rng(2))
    table = json.loads((files / "a.json").read_text())
    assert table != {"n": 3, "kinds": [{"name": "a", "flat": True}]}
    assert [type(table["n"]), type(table["kinds"][0]["flat"])] == [int, bool]


def test_a_page_that_is_zero_already_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100))
    assert not zero_page(tmp_path / "a", np.random.default_rng(1))


def test_the_file_of_another_directory_must_exist_and_differ(files: Path, tmp_path: Path) -> None:
    other, generator = tmp_path / "other", np.random.default_rng(1)
    other.mkdir()
    (other / "a.json").write_bytes((files / "a.json").read_bytes())
    (other / "a.txt").write_text("older\n")
    damage = FileOfAnother(other)
    assert [damage(files / name, generator) for name in ("a.npy", "a.json")] == [False, False]
    assert damage(files / "a.txt", generator)
    assert (files / "a.txt").read_text() == "older\n"


def test_a_file_with_a_random_name_has_one_of_its_kind_in_another_directory(
    files: Path, tmp_path: Path
) -> None:
    (files / "data").mkdir()
    for name in ("data/1f.lance", "index.idx", "2e.txn"):
        (files / name).write_text("today")
    other, generator = tmp_path / "other", np.random.default_rng(1)
    (other / "data").mkdir(parents=True)
    (other / "a.lance").mkdir()
    for name in ("data/3d.lance", "auxiliary.idx", "index.idx"):
        (other / name).write_text(f"older {name}")
    damage = FileOfAnother(other)
    assert damage(files / "data/1f.lance", generator)
    assert (files / "data/1f.lance").read_text() == "older data/3d.lance"
    assert damage(files / "index.idx", generator)
    assert (files / "index.idx").read_text() == "older index.idx"
    assert not damage(files / "2e.txn", generator)
