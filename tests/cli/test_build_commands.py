"""Commands that write data products pass their options on and print the report."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import galsearch
from galsearch.cli import app
from galsearch.cli.build_commands import Hemisphere
from galsearch.simulate.survey.footprint import HEMISPHERES


class Report(SimpleNamespace):
    """A report of any function, whose text is fixed."""

    def __str__(self) -> str:
        return "the report"


class Recorder:
    """A replacement of a library function that records its arguments."""

    def __init__(self, **facts: Any) -> None:
        self.report = Report(**facts)
        self.arguments: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def __call__(self, *arguments: Any, progress: Any, **options: Any) -> Report:
        progress("a stage", 1, 2)
        self.arguments, self.options = arguments, options
        return self.report


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def test_simulate_passes_its_options_and_names_the_next_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    function = Recorder(ingest_recipe="survey/ingest.toml")
    monkeypatch.setattr(galsearch, "simulate_survey", function)
    result = invoke("simulate", "survey", "--n", "7", "--seed", "3", "--hemisphere", "north")
    assert function.arguments == (Path("survey"),)
    assert function.options == {"n": 7, "seed": 3, "workers": 2, "hemisphere": "north"}
    assert result.stdout == "the report\n"
    assert "Next: galsearch ingest survey/ingest.toml DATASET" in result.stderr


def test_the_hemispheres_are_those_of_the_simulator() -> None:
    assert sorted(Hemisphere) == sorted(HEMISPHERES)
    assert CliRunner().invoke(app, ["simulate", "out", "--hemisphere", "east"]).exit_code == 2


def test_ingest_passes_the_recipe_and_the_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    function = Recorder()
    monkeypatch.setattr(galsearch, "ingest", function)
    assert invoke("ingest", "recipe.toml", "dataset").stdout == "the report\n"
    assert function.arguments == (Path("recipe.toml"), Path("dataset"))
    assert function.options == {"skip_bad_files": False}
    invoke("ingest", "recipe.toml", "dataset", "--skip-bad-files")
    assert function.options == {"skip_bad_files": True}


def test_build_index_passes_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    function = Recorder()
    monkeypatch.setattr(galsearch, "build_index", function)
    options = ["--embeddings", "e", "--out", "o", "--overwrite", "--quantisers", "q"]
    assert invoke("build-index", "recipe.toml", *options).stdout == "the report\n"
    assert function.arguments == (Path("recipe.toml"),)
    assert function.options == {
        "embeddings": Path("e"),
        "out": Path("o"),
        "overwrite": True,
        "quantisers": Path("q"),
    }


NEIGHBOURS = ["neighbours", "--using", "image", "--among", "spectrum", "--out", "table.parquet"]


def test_the_options_of_neighbours_reach_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def write_neighbours(out: Path, *, progress: Any, **options: Any) -> str:
        given.update(out=out, **options)
        return "the report"

    monkeypatch.setattr(galsearch, "write_neighbours", write_neighbours)
    options = ["--all", "-k", "7", "--device", "auto", "--exact", "--index", "here"]
    result = CliRunner().invoke(app, [*NEIGHBOURS, *options], catch_exceptions=False)
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


def test_neighbours_requires_all() -> None:
    result = CliRunner().invoke(app, NEIGHBOURS)
    assert result.exit_code == 2
    assert "--all is required" in result.stderr
