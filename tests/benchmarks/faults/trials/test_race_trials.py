"""One of two commands wins and the other is told, or the trial says what went wrong."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.trials.race_trials import Results, race_trials
from galsearch.files.atomic import write_text
from tests.benchmarks.faults.trials.toy_commands import Toy, place_and_command

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@dataclass(frozen=True)
class FailingToy(Toy):
    """Fails when it is not alone, without a word."""

    def run(self) -> int:
        return 7


@dataclass(frozen=True)
class MeddlingToy(Toy):
    """Says that it has lost, but has written something before."""

    def run(self) -> int:
        write_text(self.out.with_name("more.txt"), "meddled")
        sys.stdout.write("galsearch: another process is changing this directory.\n")
        return 1


@dataclass(frozen=True)
class ForgetfulToy(Toy):
    """Counts how often it ran, and forgets what another process has counted meanwhile."""

    def run(self) -> int:
        counted = int(self.out.read_text()) if self.out.exists() else 0
        write_text(self.out.with_name("notes"), "counting")
        write_text(self.out, str(counted + 1))
        return 0


def races(root: Path, first: type[Toy], second: type[Toy], n_points: int) -> dict[str, Any]:
    place, command = place_and_command(root, first)
    return race_trials(Results(place), command, second("other", (), out=place.out), n_points)


def test_one_of_two_atomic_commands_wins(tmp_path: Path) -> None:
    results = races(tmp_path, Toy, Toy, 6)
    assert results["problems"] == []
    assert results["trials"] == sum(results["exits"].values()) == 9
    assert set(results["exits"]) <= {"0 1", "1 0"}


def test_what_the_loser_has_left_is_noticed(tmp_path: Path) -> None:
    problems = races(tmp_path, Toy, MeddlingToy, 1)["problems"]
    assert [problem["problem"] for problem in problems] == [
        "differs from what toy makes: ['+more.txt']"
    ]


def test_a_change_that_is_lost_is_noticed(tmp_path: Path) -> None:
    results = races(tmp_path, ForgetfulToy, ForgetfulToy, 4)
    assert set(results["exits"]) == {"0 0"}
    problems = [each["problem"] for each in results["problems"]]
    assert any(text.startswith("both won, but no order of them gives this") for text in problems)


def test_a_loser_must_be_told(tmp_path: Path) -> None:
    problems = races(tmp_path, Toy, FailingToy, 3)["problems"]
    assert [problem["problem"] for problem in problems] == 4 * ["status 7: "]
