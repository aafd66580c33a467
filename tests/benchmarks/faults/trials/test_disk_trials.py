"""A bad disk is a message for a command that writes as galsearch does, and is noticed otherwise."""

from pathlib import Path

import pytest

from benchmarks.faults.processes.observed_process import MAKE, Decision
from benchmarks.faults.processes.system_calls import Change
from benchmarks.faults.trials.disk_trials import full_disk, full_disk_trials, other_disk_trials
from tests.benchmarks.faults.trials.toy_commands import CarelessToy, Toy, place_and_command

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def test_a_disk_is_full_after_the_last_free_byte() -> None:
    plan = full_disk(10)
    path = Path("a")
    assert plan(Change(1, "write", path, 6)) == MAKE
    assert plan(Change(2, "fallocate", path, 4)) == MAKE
    assert plan(Change(3, "unlink", path)) == MAKE
    assert plan(Change(4, "write", path, 1)) == Decision(error=28)
    assert plan(Change(5, "mkdir", path)) == Decision(error=28)


def test_the_write_that_fills_the_disk_is_cut_short() -> None:
    plan = full_disk(10)
    assert plan(Change(1, "write", Path("a"), 12)) == Decision(n_bytes=10)
    assert full_disk(10)(Change(1, "fallocate", Path("a"), 12)) == Decision(error=28)


def test_an_atomic_command_tells_of_every_full_disk(tmp_path: Path) -> None:
    results = full_disk_trials(*place_and_command(tmp_path, Toy), 5)
    assert results["needed_bytes"] == len("firstsecond")
    assert results["exits"] == {"1": 4, "0": 1}
    assert results["problems"] == []


def test_an_atomic_command_tells_of_every_other_bad_disk(tmp_path: Path) -> None:
    results = other_disk_trials(*place_and_command(tmp_path, Toy), 100)
    assert results["read-only"]["exits"] == {"1": 1}
    assert results["slow"]["exits"] == {"0": 1}
    assert [kind["problems"] for kind in results.values()] == [[], [], []]


def test_a_careless_command_is_found_out(tmp_path: Path) -> None:
    results = full_disk_trials(*place_and_command(tmp_path, CarelessToy), 5)
    assert len(results["problems"]) == 4
    assert results["problems"][0]["problem"].startswith("status 99")
