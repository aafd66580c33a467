"""A worker process writes its output to a log and ends with the process that started it."""

import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from galsearch.simulate.survey import chunk as chunk_module
from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.worker import make_chunk_in_worker, start_worker


def work_and_wait(lifeline: Connection, other_end: Connection, log: str) -> None:
    """The life of a worker that is interrupted by Ctrl-C, prints, and then waits."""
    other_end.close()
    start_worker(lifeline, log)
    signal.raise_signal(signal.SIGINT)
    os.write(1, b"printed\n")
    os.write(2, b"warned\n")
    time.sleep(60)


def test_a_worker_logs_ignores_ctrl_c_and_ends_with_its_lifeline(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("earlier\n")
    context = multiprocessing.get_context("fork")
    lifeline, other_end = context.Pipe()
    worker = context.Process(target=work_and_wait, args=(lifeline, other_end, str(log)))
    worker.start()
    deadline = time.monotonic() + 30
    while "warned" not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert worker.is_alive()
    other_end.close()
    worker.join(30)
    assert worker.exitcode == 1
    assert log.read_text() == "earlier\nprinted\nwarned\n"


def test_a_worker_makes_the_chunk_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[Any, ...]] = []
    monkeypatch.setattr(chunk_module, "make_chunk", lambda *arguments: given.append(arguments))
    make_chunk_in_worker(tmp_path, 3, Chunk(0, 24218, 2), "north")
    assert given == [(tmp_path, 3, Chunk(0, 24218, 2), "north")]
