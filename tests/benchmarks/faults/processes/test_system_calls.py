"""System calls are recognised by what they change; a filter is as long as its list of calls."""

import os
from pathlib import Path

import pytest

from benchmarks.faults.processes.system_calls import (
    SYSTEM_CALLS,
    Change,
    change_of_call,
    filter_program,
)

WRITE, OPEN = 1, 2


def of_descriptor(handle: int, directory: Path) -> Change | None:
    return change_of_call(os.getpid(), WRITE, (handle, 0, 7, 0, 0, 0), directory)


def test_a_write_is_a_change_of_the_file_behind_its_descriptor(tmp_path: Path) -> None:
    with (tmp_path / "a.txt").open("w") as file:
        found = of_descriptor(file.fileno(), tmp_path)
        assert found == Change(0, "write", tmp_path / "a.txt", 7)
        assert found.needs_space
        assert of_descriptor(file.fileno(), tmp_path / "elsewhere") is None
    reading, writing = os.pipe()
    assert of_descriptor(writing, Path("/")) is None
    os.close(reading)
    os.close(writing)


def test_reading_is_no_change(tmp_path: Path) -> None:
    assert change_of_call(os.getpid(), OPEN, (0, os.O_RDONLY, 0, 0, 0, 0), tmp_path) is None


@pytest.mark.parametrize("numbers", [[1], list(SYSTEM_CALLS)])
def test_the_filter_has_an_instruction_of_eight_bytes_for_each_call(numbers: list[int]) -> None:
    assert len(filter_program(numbers)) == 8 * (len(numbers) + 3)
