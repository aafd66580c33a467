"""The command fetch-sample shows commands, and asks no server."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app


def test_the_commands_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["fetch-sample", "--n-cutouts", "5"], catch_exceptions=False)
    assert result.stdout == f"{galsearch.fetch_sample(n_cutouts=5)}\n"
    assert result.stdout.count("curl -f ") == 3
    assert list(tmp_path.iterdir()) == []
