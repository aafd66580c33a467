"""Damage is counted by what reading and verifying gave."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.trials.corruption_trials import Subject, corruption_trials, subjects
from galsearch.core.errors import ManifestError
from tests.benchmarks.faults.trials.toy_commands import Toy, place_and_command

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
GOOD = {"a": 1}


def read_anything(path: Path) -> Any:
    """What is in a file, without a check."""
    return json.loads((path / "a.json").read_bytes())


def refuse_anything(path: Path) -> Any:
    """What is in a file, if it is what was written."""
    try:
        found = read_anything(path)
    except Exception as error:
        raise ManifestError(f"{path / 'a.json'}: {error}.") from None
    if found != GOOD:
        raise ManifestError(f"{path / 'a.json'}: is not what was written.")
    return found


def test_a_careless_reader_is_found_out_and_a_careful_one_is_not(tmp_path: Path) -> None:
    place, _ = place_and_command(tmp_path, Toy)
    original = tmp_path / "original"
    original.mkdir()
    (original / "a.json").write_text(json.dumps(GOOD))
    careful = Subject("toy", original, original, original, refuse_anything, refuse_anything)
    results = corruption_trials(place, careful, 12)
    assert results["problems"] == []
    assert sum(results["counts"].values()) == 12
    assert results["counts"]["refused, verify names it"] > 6
    careless = Subject("toy", original, original, original, read_anything, lambda _: 1)
    seen = [problem["seen"] for problem in corruption_trials(place, careless, 12)["problems"]]
    assert "other answers, verify passes" in seen
    assert any(text.startswith("error: json") for text in seen)


def test_every_kind_of_directory_is_a_subject(tmp_path: Path) -> None:
    place, _ = place_and_command(tmp_path, Toy)
    names = [subject.name for subject in subjects(place)]
    assert names == ["dataset", "embeddings", "index", "plain files"]
    (place.inputs / "lance").mkdir(parents=True)
    assert [subject.name for subject in subjects(place)] == [*names, "LanceDB"]
