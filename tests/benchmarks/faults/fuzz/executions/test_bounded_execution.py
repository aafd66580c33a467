"""Errors of galsearch are right; other errors, much memory and much time are findings."""

import time
from typing import Any

import pytest

from benchmarks.faults.fuzz.executions import bounded_execution
from benchmarks.faults.fuzz.executions.bounded_execution import BoundedReader
from galsearch.core.errors import SourceError


def read(content: bytes) -> None:
    if content == b"refused":
        raise SourceError("a")
    if content == b"unknown":
        raise KeyError("a")
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass


@pytest.fixture(autouse=True)
def no_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_execution, "MAX_SECONDS", 1e9)
    monkeypatch.setattr(bounded_execution, "MAX_BYTES", 1 << 60)


def test_errors_of_other_classes_are_findings() -> None:
    reader = BoundedReader(read)
    assert reader.execute(b"known") is None
    assert reader.execute(b"refused") is None
    assert reader.execute(b"unknown") == (
        "KeyError in bounded_execution.py:execute > test_bounded_execution.py:read"
    )
    assert (reader.n_executions, reader.n_refused) == (3, 1)
    assert reader.slowest_seconds > 0.01


def test_much_time_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_execution, "MAX_SECONDS", 0.01)
    assert BoundedReader(read).execute(b"known") == "took more than 0.01 s of processor time"


def test_much_memory_is_a_finding_once(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks: Any = iter([100, 110, 150, 150, 160])
    monkeypatch.setattr(bounded_execution, "peak_bytes", lambda: next(peaks) << 20)
    monkeypatch.setattr(bounded_execution, "MAX_BYTES", 32 << 20)
    reader = BoundedReader(read)
    found = [reader.execute(b"known") for _ in range(4)]
    assert found == [
        None,
        "took more than 32 MiB of memory",
        None,
        "took more than 32 MiB of memory",
    ]
    assert reader.growth_bytes == 60 << 20


def test_the_peak_memory_of_this_process_is_known() -> None:
    assert bounded_execution.peak_bytes() > 1 << 20
