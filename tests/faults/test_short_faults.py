"""The short form of `benchmarks.faults`: some faults of each kind, in one process.

`python -m benchmarks.faults` injects them at every point of every command.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.processes.observed_process import why_unobservable

# The subprocess takes ten seconds of CPU time, and longer on a busy machine.
pytestmark = pytest.mark.timeout(600)
ROOT = Path(__file__).parents[2]
FAULTS = {"kills": 3, "full-disks": 3, "other-disks": 1, "readers": 4, "corruptions": 12}
FAULTS |= {"threads": 1, "service": 2}
ONLY = ("--only", "add", "embed", "index", "embeddings")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results of the short form."""
    reason = why_unobservable()
    if reason is not None:
        pytest.skip(reason)
    home = tmp_path_factory.mktemp("faults")
    command = [sys.executable, "-m", "benchmarks.faults", "--work", str(home / "work"), *ONLY]
    command += [word for name, n in FAULTS.items() for word in (f"--{name}", str(n))]
    done = subprocess.run(
        [*command, "--out", str(home / "results.json")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads((home / "results.json").read_text())
    return found


def test_a_killed_command_is_finished_by_the_next_run(results: dict[str, Any]) -> None:
    assert [(entry["command"], entry["kills"]) for entry in results["kills"]] == [
        ("embed", 3),
        ("add", 3),
    ]
    assert [entry["problems"] for entry in results["kills"]] == [[], []]
    assert all(0 < entry["midway"] < 3 for entry in results["kills"])


def test_a_full_disk_is_a_message_and_changes_nothing(results: dict[str, Any]) -> None:
    assert [entry["exits"] for entry in results["full_disks"]] == 2 * [{"1": 2, "0": 1}]
    assert [entry["problems"] for entry in results["full_disks"]] == [[], []]


def test_other_bad_disks_are_messages_and_slow_ones_change_nothing(
    results: dict[str, Any],
) -> None:
    for entry in results["other_disks"]:
        assert entry["read-only"]["exits"] == {"1": 1}
        assert entry["slow"]["exits"] == {"0": 1}
        assert [kind["problems"] for kind in entry.values()] == [[], [], []]


def test_readers_see_the_index_before_or_after_a_change(results: dict[str, Any]) -> None:
    assert results["readers"] == [{"command": "add", "trials": 4, "problems": []}]


def test_damage_is_refused_or_changes_no_answer(results: dict[str, Any]) -> None:
    assert [entry["command"] for entry in results["corruptions"]] == ["embeddings", "index"]
    assert [entry["problems"] for entry in results["corruptions"]] == [[], []]


def test_threads_that_share_an_index_find_what_one_thread_finds(results: dict[str, Any]) -> None:
    (entry,) = results["threads"]
    assert entry["requests"] == entry["different"] == 88
    assert entry["problems"] == []


def test_a_service_answers_from_an_index_of_the_time_of_the_request(
    results: dict[str, Any],
) -> None:
    (entry,) = results["service"]
    assert entry["problems"] == []
    assert entry["changes"] == 2
    assert entry["answers"] > 0
