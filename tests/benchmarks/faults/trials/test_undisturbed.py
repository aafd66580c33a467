"""A run without a fault is recorded, and one that fails is an error."""

from pathlib import Path

import pytest

from benchmarks.faults.trials.undisturbed import undisturbed
from tests.benchmarks.faults.trials.toy_commands import Toy, place_and_command

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def test_what_a_command_writes_is_recorded(tmp_path: Path) -> None:
    place, command = place_and_command(tmp_path, Toy)
    good = undisturbed(place, command)
    assert good.before == {}
    assert list(good.after) == ["out", "out/a.txt", "out/b.txt"]
    assert [change.call for change in good.changes].count("write") == 2
    assert good.answers_before is good.answers_after is None


def test_a_command_that_fails_without_a_fault_is_an_error(tmp_path: Path) -> None:
    place, command = place_and_command(tmp_path, Toy)
    missing = type(command)("toy", (), out=tmp_path / "log.txt" / "out")
    (tmp_path / "log.txt").touch()
    with pytest.raises(RuntimeError, match="toy: status 1"):
        undisturbed(place, missing)
