"""Requests that schemathesis makes of the OpenAPI document: none of them is a fault of the service.

    python -m pytest -m slow tests/http/test_document_fuzz.py

They take minutes, and need the package schemathesis (extra `fuzz`).
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.http.service_process import running

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed"
    ),
]


@pytest.mark.parametrize("is_known", [False, True])
def test_no_request_of_the_document_is_answered_with_a_fault(
    toy_index: Path, some_id: str, tmp_path: Path, is_known: bool
) -> None:
    # Half of the runs name a galaxy of the index, so that requests come as far as the library.
    settings = tmp_path / "schemathesis.toml"
    known = f'"query.target_id" = "{some_id}"\n"path.target_id" = "{some_id}"\n'
    settings.write_text(f"[parameters]\n{known if is_known else ''}")
    with running("--index", toy_index, log=tmp_path / "log.jsonl") as (_, address):
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings)]
        command += ["run", f"{address}/openapi.json", "--checks", "not_a_server_error"]
        command += ["--phases", "coverage,fuzzing", "-n", "50", "--continue-on-failure"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
    assert "not_a_server_error" not in done.stdout
