"""A reader that sees neither the state before nor the state after a change is noticed."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.trials import reader_trials as trials
from benchmarks.faults.trials.undisturbed import Place, Undisturbed
from tests.benchmarks.faults.trials.toy_commands import Toy, place_and_command

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.mark.parametrize(("seen", "n_problems"), [("before", 0), ("mixed", 2)])
def test_what_readers_see_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: str, n_problems: int
) -> None:
    place, command = place_and_command(tmp_path, Toy)
    changes = place.observe(command, lambda _: trials.MAKE).changes

    def undisturbed(*_: Any) -> Undisturbed:
        return Undisturbed({}, {}, changes, "before", "after", 1.0)

    monkeypatch.setattr(trials, "undisturbed", undisturbed)
    monkeypatch.setattr(Place, "index_answers", lambda _: seen)
    results = trials.reader_trials(place, command, 2)
    assert results["trials"] == 2
    assert len(results["problems"]) == n_problems
