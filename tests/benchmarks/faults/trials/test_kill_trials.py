"""Kills do not harm a command that writes as galsearch does, and are noticed with another."""

from pathlib import Path

import pytest

from benchmarks.faults.trials.kill_trials import kill_trials
from tests.benchmarks.faults.trials.toy_commands import CarelessToy, Toy, place_and_command

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def test_an_atomic_command_survives_every_kill(tmp_path: Path) -> None:
    results = kill_trials(*place_and_command(tmp_path, Toy), 9)
    assert results["kills"] == 9 < results["changes"]
    assert 0 < results["midway"] < results["kills"]
    assert results["problems"] == []


def test_a_careless_command_is_found_out(tmp_path: Path) -> None:
    results = kill_trials(*place_and_command(tmp_path, CarelessToy), 4)
    assert results["problems"][0]["problem"] == ("differs from the undisturbed run: ['!out/a.txt']")
