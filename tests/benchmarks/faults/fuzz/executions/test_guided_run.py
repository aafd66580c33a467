"""A run goes on where the one before has ended, and keeps each finding once."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.fuzz.executions import guided_run
from benchmarks.faults.fuzz.executions.bounded_execution import BoundedReader
from benchmarks.faults.fuzz.executions.guided_run import GuidedRun, kept_contents, record_of
from benchmarks.faults.fuzz.targets.all_targets import TARGETS


class EndedError(Exception):
    """Raised in place of the end of the process."""


def read(content: bytes) -> None:
    if content.startswith(b"bad"):
        raise KeyError(content)


def run(home: Path, contents: list[bytes]) -> None:
    going = GuidedRun(home, BoundedReader(read), len(contents), 1e9)
    for content in contents[:-1]:
        going.execute(content)
    with pytest.raises(EndedError):
        going.execute(contents[-1])


def test_findings_and_executions_are_kept_for_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end() -> None:
        raise EndedError

    monkeypatch.setattr(guided_run, "end_process", end)
    run(tmp_path, [b"good", b"bad 1", b"bad 2"])
    run(tmp_path, [b"bad 3", b"good"])
    record = record_of(tmp_path)
    assert record["executions"] == 5
    problem = "KeyError in bounded_execution.py:execute > test_guided_run.py:read"
    assert list(record["findings"]) == [problem]
    kept = tmp_path / "findings" / record["findings"][problem]
    assert kept.read_bytes() == b"bad 1"


def test_a_run_ends_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end() -> None:
        raise EndedError

    monkeypatch.setattr(guided_run, "end_process", end)
    monkeypatch.setattr(guided_run, "_RECORDED_EVERY", 2)
    going = GuidedRun(tmp_path, BoundedReader(read), 10**6, 0)
    going.execute(b"a")
    with pytest.raises(EndedError):
        going.execute(b"b")
    assert record_of(tmp_path)["executions"] == 2


def test_kept_contents_are_small(tmp_path: Path) -> None:
    kept = [path for path in guided_run.CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in kept} <= TARGETS.keys()
    assert sum(path.stat().st_size for path in kept) < 200_000
    assert len(kept_contents(TARGETS["json"], tmp_path)) >= 1


def test_atheris_executes_a_target(tmp_path: Path) -> None:
    pytest.importorskip("atheris")
    words = ["--work", str(tmp_path), "--executions", "500", "--readers", "json"]
    command = [
        sys.executable,
        "-m",
        "benchmarks.faults.fuzz",
        *words,
        "--out",
        str(tmp_path / "a.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    record = record_of(tmp_path / "json")
    assert (record["executions"], record["findings"]) == (500, {})
