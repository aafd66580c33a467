"""Requests that schemathesis makes of the OpenAPI document: none of them is a fault of the service.

    python -m pytest -m slow tests/http/test_document_fuzz.py

They need the package schemathesis (extra `fuzz`), and end after five minutes for each of two runs.
The numbers of answers are printed with `-s`.
"""

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.http.service_process import running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed"
    ),
]
_CASES, _SECONDS = 50, 240
"""Cases of each operation that are made at a time, and the time after which no more are made."""
_LEAST_REQUESTS = 500


@pytest.mark.parametrize("is_known", [False, True])
def test_no_request_of_the_document_is_answered_with_a_fault(
    toy_index: Path, some_id: str, tmp_path: Path, is_known: bool
) -> None:
    # Half of the runs name a galaxy of the index, so that requests come as far as the library.
    settings = tmp_path / "schemathesis.toml"
    known = f'"query.target_id" = "{some_id}"\n"path.target_id" = "{some_id}"\n'
    settings.write_text(f"[parameters]\n{known if is_known else ''}")
    log = tmp_path / "log.jsonl"
    with running("--index", toy_index, log=log) as (_, address):
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings)]
        command += ["run", f"{address}/openapi.json", "--checks", "not_a_server_error"]
        command += ["--phases", "coverage,fuzzing", "--max-examples", str(_CASES)]
        command += ["--max-time", str(_SECONDS), "--request-timeout", "250", "--no-shrink"]
        command += ["--continue-on-failure", "--seed", "1", "--no-color"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    statuses = Counter(line["status"] for line in lines if line["message"] == "request")
    print(f"{statuses.total()} requests: {dict(sorted(statuses.items()))}")  # noqa: T201 (see -s)
    assert statuses.total() >= _LEAST_REQUESTS
    assert {200, 400, 422} <= statuses.keys()
    assert max(statuses) < 500
