"""The command cite prints text for people, or BibTeX with its notes apart."""

import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app


@pytest.fixture
def at_demonstration(demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(demonstration.home)


def test_the_demonstration_is_said_to_be_simulated(at_demonstration) -> None:
    result = CliRunner().invoke(app, ["cite"], catch_exceptions=False)
    assert result.stdout == f"{galsearch.cite()}\n"
    assert "survey files are SIMULATED by galsearch" in " ".join(result.stdout.split())


def test_bibtex_is_on_standard_output_alone(at_demonstration) -> None:
    result = CliRunner().invoke(app, ["cite", "--format", "bibtex"], catch_exceptions=False)
    assert result.stdout == galsearch.cite().bibtex()
    assert result.stderr.startswith("note: ")
    assert "SIMULATED" in result.stderr
