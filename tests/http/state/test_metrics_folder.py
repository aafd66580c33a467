"""The folder of measurements goes with the service, or with the next one."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from galsearch.http.state.metrics_folder import metrics_folder

KILLED = """
import os, signal, tempfile
tempfile.tempdir = {place!r}
from galsearch.http.state.metrics_folder import metrics_folder
with metrics_folder() as folder:
    (folder / "counter_1.db").write_bytes(b"x")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_folders_of_killed_services_are_removed_and_those_of_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = KILLED.format(place=str(tmp_path))
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    leftover = Path(found.stdout.strip())
    assert (leftover / "counter_1.db").exists()
    unknown, other = tmp_path / "galsearch-metrics-unknown", tmp_path / "galsearch-other"
    unknown.mkdir()
    other.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "held").touch()
    (tmp_path / "galsearch-metrics-link").symlink_to(elsewhere)
    with metrics_folder() as first, metrics_folder() as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()
        assert not leftover.exists()
    assert {path.name for path in tmp_path.iterdir()} == {
        "galsearch-metrics-unknown",
        "galsearch-metrics-link",
        "galsearch-other",
        "elsewhere",
    }
    assert (elsewhere / "held").exists()
