"""An environment changes what it names, and nothing else."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.portability.environments import (
    PLAIN,
    can_mount,
    environments,
    in_namespace,
    no_flock_library,
)

_LOCK = "import fcntl, os; fcntl.flock(os.open('.', os.O_RDONLY), fcntl.LOCK_SH)"


def test_flock_fails_with_the_error_of_the_library(tmp_path: Path) -> None:
    library = no_flock_library(tmp_path / "no_flock.so", errno.ENOLCK)
    if library is None:
        pytest.skip("there is no C compiler")
    words = [sys.executable, "-c", _LOCK]
    assert subprocess.run(words, capture_output=True).returncode == 0
    variables = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run(words, env=variables, capture_output=True, text=True)
    assert f"[Errno {errno.ENOLCK}]" in done.stderr


def test_a_mount_is_seen_by_its_command_alone(tmp_path: Path) -> None:
    if not can_mount():
        pytest.skip("mounts need root")
    (tmp_path / "a").touch()
    words = [*in_namespace(f"mount -t tmpfs tmpfs {tmp_path}"), "ls", str(tmp_path)]
    assert subprocess.run(words, capture_output=True, text=True).stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_plain_environment_is_the_first(tmp_path: Path) -> None:
    found = environments(tmp_path)
    assert found[0].name == PLAIN
    assert len({each.name for each in found}) == len(found)
