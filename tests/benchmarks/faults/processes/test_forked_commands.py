"""Results of forked processes come back, whether they return, raise or die."""

import os
import signal
import sys
from pathlib import Path

import pytest

from benchmarks.faults.processes.forked_commands import answer_of, run_forked
from galsearch.core.errors import WriteError

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def refuse() -> None:
    raise WriteError("a: cannot be written.", path=Path("a"))


def raise_error() -> None:
    raise KeyError("b")


def test_a_value_comes_back_and_errors_as_texts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert answer_of(lambda: [1, "two"], log) == [1, "two"]
    assert answer_of(refuse, log).startswith("refused: a: cannot be written.")
    assert answer_of(raise_error, log) == "builtins.KeyError: 'b'"
    killed = answer_of(lambda: os.kill(os.getpid(), signal.SIGKILL), log)
    assert killed.startswith("process died: status -9")


def test_the_exit_status_and_the_output_come_back(tmp_path: Path) -> None:
    def end() -> int:
        sys.stdout.write("said\n")
        raise SystemExit(3)

    ending = run_forked(end, tmp_path / "log")
    assert (ending.status, ending.text) == (3, "said\n")
