"""Answers of threads are told from those of one thread; an error in a thread is an answer."""

from pathlib import Path

import pytest

from benchmarks.faults.trials import thread_trials as trials
from benchmarks.faults.trials.undisturbed import Place

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


def test_each_answer_is_at_the_place_of_its_request() -> None:
    requests = [lambda number=number: bytes([number]) for number in range(50)]
    assert trials.answers_in_threads(requests, 8) == [bytes([number]) for number in range(50)]


def test_an_error_in_a_thread_is_an_answer() -> None:
    assert trials.answers_in_threads([lambda: b"%d" % (1 // 0)], 2) == [
        b"ZeroDivisionError: integer division or modulo by zero"
    ]


def test_a_thread_that_finds_something_else_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("galsearch.open_index", lambda path: path)
    found = iter([b"a", b"b", b"a", b"c"])
    monkeypatch.setattr(trials, "mixed_requests", lambda _: 2 * [lambda: next(found)])
    monkeypatch.setattr(trials, "N_THREADS", 1)
    results = trials.thread_trials(Place(tmp_path), tmp_path / "index", 1)
    assert results["requests"] == 2
    assert results["problems"] == [{"request": 1, "answer": "b'c'"}]
