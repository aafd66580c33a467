"""A service that does not start is reported with what it said."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.portability.runs import _ask, _log
from benchmarks.faults.trials.undisturbed import Place


def test_what_a_service_said_is_reported() -> None:
    words = [sys.executable, "-c", "print('no index')"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert _ask(server, "1") == "no index\n"


def test_logs_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _log(Place(tmp_path)) == tmp_path / "answer.txt"
    monkeypatch.setenv("PORTABILITY_LOGS", str(tmp_path / "logs"))
    assert _log(Place(tmp_path)) == tmp_path / "logs" / "answer.txt"
