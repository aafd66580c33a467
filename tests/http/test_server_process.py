"""The service as a process: it starts, answers over a socket, opens its index again and ends."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from galsearch.http.server_process import JsonLines
from tests.http.service_process import fetch, running
from tests.http.uploads.test_parent_watch import is_running


def test_a_service_answers_opens_its_index_again_and_ends(toy_index: Path, some_id: str) -> None:
    with running("--index", toy_index) as (process, address):
        answer = fetch(f"{address}/v1/query?target_id={some_id}&k=3")
        assert len(answer["neighbours"]) == 3
        os.kill(process.pid, signal.SIGHUP)
        assert fetch(f"{address}/v1/query?target_id={some_id}&k=3")["k"] == 3
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (0, "")
    lines = [json.loads(line) for line in stderr.splitlines()]
    assert "the indexes were opened again" in [line["message"] for line in lines]
    requests = [line for line in lines if line["message"] == "request" and "query" in line["path"]]
    assert [line["status"] for line in requests] == [200, 200]
    assert some_id not in stderr


def test_several_processes_answer_and_end_together(toy_index: Path, some_id: str) -> None:
    with running("--index", f"a={toy_index}", "--workers", "2") as (process, address):
        for _ in range(4):
            assert fetch(f"{address}/v1/query?target_id={some_id}&k=1")["index"] == "a"
        with urllib.request.urlopen(f"{address}/metrics", timeout=30) as answer:  # noqa: S310
            text = answer.read().decode()
        assert 'galsearch_request_seconds_count{route="/v1/query",status="200"} 4.0' in text
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_no_process_is_left_after_the_first_one_was_killed(toy_index: Path) -> None:
    with running("--index", toy_index, "--workers", "2") as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if not children.exists():
            pytest.skip("processes are not listed in /proc")
        started = [int(child) for child in children.read_text().split()]
        assert len(started) >= 2
        process.kill()
        process.communicate(timeout=60)
        end = time.monotonic() + 60
        while any(map(is_running, started)) and time.monotonic() < end:
            time.sleep(0.05)
        assert not any(map(is_running, started))


def test_a_line_of_the_log_is_one_object() -> None:
    record = logging.LogRecord("galsearch.http", logging.INFO, "", 1, "a %s", ("b\n",), None)
    record.status = 200
    line = JsonLines().format(record)
    assert "\n" not in line
    assert {"level": "info", "message": "a b\n", "status": 200}.items() <= json.loads(line).items()


def test_an_index_that_is_missing_is_one_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "galsearch", "serve", "--index", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"galsearch: {tmp_path}")
    assert len(done.stderr.splitlines()) == 2
