"""Every pair of commands that can write to one place is raced."""

from pathlib import Path

from benchmarks.faults.subjects.raced_pairs import CHANGING, MAKING, pairs_of_writers
from benchmarks.faults.subjects.writing_commands import writing_commands


def test_every_command_is_raced_with_all_that_can_write_to_its_place(tmp_path: Path) -> None:
    commands = writing_commands(tmp_path, tmp_path)
    pairs = pairs_of_writers(commands)
    names = {(first.name, second.name) for first, second in pairs}
    assert {name for pair in names for name in pair} == {*commands, "remove others"}
    assert len(names) == len(pairs) == 6 * 6 + 2 + 10 * 10 + 1 + 6 * 10
    assert {(first, second) for first in CHANGING for second in (*CHANGING, *MAKING)} <= names
    assert {(first, second) for first in MAKING for second in MAKING} <= names


def test_both_commands_of_a_pair_start_from_one_state(tmp_path: Path) -> None:
    pairs = pairs_of_writers(writing_commands(tmp_path, tmp_path))
    assert [pair for pair in pairs if pair[0].start != pair[1].start] == []
    assert {pair[0].start for pair in pairs} == {tmp_path / "changed", tmp_path / "index", None}


def test_a_command_that_takes_no_part_is_in_no_pair(tmp_path: Path) -> None:
    commands = writing_commands(tmp_path, tmp_path)
    del commands["simulate"]
    names = {command.name for pair in pairs_of_writers(commands) for command in pair}
    assert "simulate" not in names
    assert "map" in names
