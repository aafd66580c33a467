"""A process ends when the one that started it was killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from galsearch.http.uploads.parent_watch import end_with_parent

_PROGRAM = """
import multiprocessing, os, time
from galsearch.http.uploads.parent_watch import end_with_parent

def child(at_once):
    end_with_parent(at_once=at_once)
    print(os.getpid(), flush=True)
    time.sleep(300)

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=child, args=({at_once},)).start()
    time.sleep(300)
"""


def is_running(pid: int) -> bool:
    """True for a process that has not ended; one that only waits to be noticed has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are listed in /proc")
@pytest.mark.parametrize("at_once", [False, True])
def test_a_child_ends_after_its_parent_was_killed(tmp_path: Path, at_once: bool) -> None:
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM.format(at_once=at_once))
    parent = subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_running(child)
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=30)
    end = time.monotonic() + 30
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(child)


def test_a_process_that_nothing_of_python_started_is_left_alone() -> None:
    end_with_parent(at_once=True)
    assert os.getpid()
