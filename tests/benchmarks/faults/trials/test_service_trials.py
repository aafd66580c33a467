"""An answer that no index of the time of the request gives is noticed."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.trials import service_trials as trials
from benchmarks.faults.trials.undisturbed import Place

OLD, NEW = Path("old"), Path("new")
BUILDS = [trials.Build(OLD, 0.0, 10.0), trials.Build(NEW, 9.0)]


@pytest.fixture(autouse=True)
def _two_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    n = len(trials.requests())
    monkeypatch.setattr(trials, "_expected", lambda _, path: n * [[200, path.name]])


@pytest.mark.parametrize(
    ("answer", "n_wrong"),
    [
        ((0, 200, "old", 1.0, 2.0), 0),
        ((0, 200, "new", 1.0, 2.0), 1),
        ((0, 200, "old", 8.0, 9.5), 0),
        ((0, 200, "new", 8.0, 9.5), 0),
        ((0, 200, "old", 10.5, 11.0), 1),
        ((0, 200, "other", 9.2, 9.4), 1),
        ((0, 500, "new", 11.0, 12.0), 1),
        ((0, 0, "ConnectionResetError: ", 11.0, 12.0), 1),
        ((0, 503, "busy", 11.0, 12.0), 0),
    ],
)
def test_an_answer_must_be_of_an_index_that_was_open(
    tmp_path: Path, answer: trials.Answer, n_wrong: int
) -> None:
    counts: dict[str, Any] = dict.fromkeys(("answers", "busy", "stated errors", "ambiguous"), 0)
    wrong = trials._count_wrong(Place(tmp_path), BUILDS, [answer], counts)
    assert len(wrong) == n_wrong
    assert counts["answers"] == 1


def test_bodies_are_compared_without_durations() -> None:
    body = trials._body(b'{"seconds": 0.1, "galaxies": [], "request_id": "a"}')
    assert body == '{"galaxies": []}'
    assert trials._body(b"<VOTABLE/>") == "<VOTABLE/>"
