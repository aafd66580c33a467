"""Worker processes: death of one, an error in one, Ctrl-C, and the limits on their threads."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from galsearch.core.errors import MissingExtraError, WorkerDiedError
from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.worker_pool import _one_thread_for_children, make_chunks


def ignore(_chunk: Chunk) -> None:
    pass


def kill_first_worker(before: set[BaseProcess]) -> None:
    while not (workers := set(multiprocessing.active_children()) - before):
        time.sleep(0.01)
    time.sleep(0.3)
    workers.pop().kill()


def children_of(pid: int) -> list[int]:
    try:
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]
    except FileNotFoundError:
        return []


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_dead_worker_is_an_error_that_names_its_pixel(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    killer = threading.Thread(target=kill_first_worker, args=(before,))
    killer.start()
    with pytest.raises(WorkerDiedError) as caught:
        make_chunks(tmp_path, 1, [Chunk(0, 24218, 1)], workers=2, done=ignore)
    killer.join()
    assert str(caught.value) == (
        "a worker process of the simulation ended early while it made HEALPix pixel 24218. "
        "It printed nothing."
    )
    assert caught.value.facts == {"pixels": [24218]}
    assert set(multiprocessing.active_children()) == before


def test_an_error_in_a_worker_arrives_with_its_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "bagpipes.py").write_text("raise ImportError('no such library')")
    monkeypatch.syspath_prepend(broken)
    with pytest.raises(MissingExtraError) as caught:
        make_chunks(tmp_path / "out", 1, [Chunk(0, 24218, 1)], workers=1, done=ignore)
    assert str(caught.value) == (
        "simulating galaxies needs bagpipes, which is part of the extra 'sim' of galsearch and is "
        "not installed (no such library)."
    )
    assert caught.value.__notes__ == [MissingExtraError.remedy]


def test_limits_on_threads_are_for_the_workers_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with _one_thread_for_children():
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(300)  # a busy machine may take long to import and to stop
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_an_interrupted_or_killed_run(
    tmp_path: Path, kind: signal.Signals
) -> None:
    command = [sys.executable, "-m", "galsearch", "simulate", str(tmp_path / "out"), "--n", "200"]
    run = subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A shell lets its background jobs, of which the tests may be one, ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 200
    while len(children_of(run.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(2)
    workers = children_of(run.pid)
    assert len(workers) >= 2
    if kind is signal.SIGINT:  # a terminal sends it to every process of the group
        os.killpg(run.pid, kind)
    else:
        run.send_signal(kind)
    try:
        assert run.wait(150) == (130 if kind is signal.SIGINT else -signal.SIGKILL)
    finally:
        run.kill()
        run.wait()
    while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(pid) for pid in workers)
