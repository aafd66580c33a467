"""The command `neighbours` passes its options on and prints the report."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app

COMMAND = ["neighbours", "--using", "image", "--among", "spectrum", "--out", "table.parquet"]


def test_the_options_reach_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def write_neighbours(out: Path, *, progress: Any, **options: Any) -> str:
        given.update(out=out, **options)
        return "the report"

    monkeypatch.setattr(galsearch, "write_neighbours", write_neighbours)
    options = ["--all", "-k", "7", "--device", "auto", "--exact", "--index", "here"]
    result = CliRunner().invoke(app, [*COMMAND, *options], catch_exceptions=False)
    assert result.stdout == "the report\n"
    assert given == {
        "out": Path("table.parquet"),
        "using": "image",
        "among": "spectrum",
        "k": 7,
        "index": Path("here"),
        "device": "auto",
        "n_probe": None,
        "exact": True,
        "overwrite": False,
    }


def test_all_is_required() -> None:
    result = CliRunner().invoke(app, COMMAND)
    assert result.exit_code == 2
    assert "--all is required" in result.stderr
