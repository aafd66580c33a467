"""One of two commands wins and the other is told, or the trial says what went wrong."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.faults.subjects.writing_commands import writing_commands
from benchmarks.faults.trials.race_trials import pairs_of_writers, race_trials
from tests.benchmarks.faults.trials.toy_commands import CarelessToy, Toy, place_and_command

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@dataclass(frozen=True)
class FailingToy(Toy):
    """Fails when it is not alone, without a word."""

    def run(self) -> int:
        return 7


def test_one_of_two_atomic_commands_wins(tmp_path: Path) -> None:
    place, command = place_and_command(tmp_path, Toy)
    results = race_trials(place, command, command, 6)
    assert results["problems"] == []
    assert set(results["exits"]) <= {"0 1", "1 0"}


def test_a_result_that_two_commands_have_mixed_is_noticed(tmp_path: Path) -> None:
    place, careless = place_and_command(tmp_path, CarelessToy)
    problems = race_trials(place, careless, careless, 6)["problems"]
    assert problems[0]["problem"] == "differs from the winner's result: ['!out/a.txt']"


def test_a_loser_must_be_told(tmp_path: Path) -> None:
    place, command = place_and_command(tmp_path, Toy)
    failing = FailingToy("failing", (), out=place.out)
    problems = race_trials(place, command, failing, 3)["problems"]
    assert [problem["problem"] for problem in problems] == 3 * ["status 7: "]


def test_every_pair_of_commands_with_one_output_is_raced(tmp_path: Path) -> None:
    commands = writing_commands(tmp_path, tmp_path)
    names = {(first.name, second.name) for first, second in pairs_of_writers(commands)}
    assert len(names) == 32
    assert {("add again", "compact"), ("training", "training"), ("merge", "build-index")} <= names
    starts = {pair[0].start for pair in pairs_of_writers(commands)}
    assert starts == {tmp_path / "changed", None}
