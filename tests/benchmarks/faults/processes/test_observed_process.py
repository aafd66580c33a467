"""A plan sees every change of a process, and each of its decisions takes effect."""

import errno
import os
import sys
from pathlib import Path

import pytest

from benchmarks.faults.processes.observed_process import (
    KILL,
    MAKE,
    Decision,
    Ending,
    observe,
    why_unobservable,
)
from benchmarks.faults.processes.system_calls import Change

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.fixture(autouse=True)
def _observable() -> None:
    reason = why_unobservable()
    if reason is not None:
        pytest.skip(reason)


def run(tmp_path: Path, decide: dict[str, Decision], log: Path) -> Ending:
    """Make, write and rename a file; `decide` says what becomes of which call."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)

    def change() -> int:
        handle = os.open(work / "a", os.O_WRONLY | os.O_CREAT)
        n_written = os.write(handle, b"12345678")
        os.close(handle)
        (work / "a").rename(work / "b")
        sys.stdout.write(f"{n_written}\n")
        return 5

    return observe(change, work, lambda made: decide.get(made.call, MAKE), log)


def test_changes_are_seen_in_their_order(tmp_path: Path) -> None:
    ending, work = run(tmp_path, {}, tmp_path / "log"), tmp_path / "work"
    assert (ending.status, ending.text) == (5, "8\n")
    assert ending.changes == (
        Change(1, "open", work / "a"),
        Change(2, "write", work / "a", 8),
        Change(3, "rename", work / "a"),
    )
    assert (work / "b").read_bytes() == b"12345678"


def test_a_killed_process_does_not_make_the_change(tmp_path: Path) -> None:
    ending = run(tmp_path, {"rename": KILL}, tmp_path / "log")
    assert ending.status == -9
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["a"]


def test_a_change_fails_with_the_error_of_the_plan(tmp_path: Path) -> None:
    ending = run(tmp_path, {"write": Decision(error=errno.ENOSPC)}, tmp_path / "log")
    assert ending.status == 99
    assert "OSError: [Errno 28] No space left on device" in ending.text


def test_a_write_is_cut_short(tmp_path: Path) -> None:
    ending = run(tmp_path, {"write": Decision(n_bytes=3)}, tmp_path / "log")
    assert (ending.status, ending.text) == (5, "3\n")
    assert (tmp_path / "work" / "b").read_bytes() == b"123"


def test_an_error_of_the_plan_ends_the_process(tmp_path: Path) -> None:
    def plan(_: Change) -> Decision:
        raise KeyError

    with pytest.raises(KeyError):
        observe(lambda: (tmp_path / "a").mkdir() or 0, tmp_path, plan, Path(os.devnull))
    assert list(tmp_path.iterdir()) == []
