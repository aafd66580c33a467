"""The command explain prints a table for people, writes all parts, and draws a picture."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.analysis.explanation import removal_effects
from galsearch.cli import app
from tests.analysis.explanation.summing_encoder import SummingPair
from tests.query.inputs.own_data.own_files import galaxy, write_galaxy


def run(*arguments: str | Path) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["explain", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_an_own_image_and_a_stored_spectrum(
    demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(demonstration.home)
    monkeypatch.setattr(removal_effects, "N_GROUPS", 4)
    path, png = write_galaxy(tmp_path / "a.fits", galaxy()), tmp_path / "pair.png"
    b = demonstration.target_id
    stdout, stderr = run(path, b, "--among", "spectrum", "--format", "csv", "--png", png)
    rows = list(csv.DictReader(io.StringIO(stdout)))
    assert [row["galaxy"] for row in rows[:128]] == ["A"] * 64 + ["B"] * 64
    assert [row["target_id"] for row in rows[::64]] == ["", b, b]
    assert {row["part"] for row in rows[128:]} == {"line"}
    contribution = np.array([float(row["contribution"]) for row in rows[:64]])
    assert np.all(np.diff(contribution) <= 0)
    assert png.read_bytes()[1:4] == b"PNG"
    assert f"picture: {png}" in stderr
    assert f"A, {path}: without the 6 patches that are named first the similarity" in stderr


def test_a_table_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    found = galsearch.explain(galaxy(), galaxy(), encoder=SummingPair(image=0.1))
    monkeypatch.setattr(galsearch, "explain", lambda *_, **__: found)
    stdout, _ = run("1", "2", "--top", "2")
    lines = stdout.splitlines()
    assert lines[0] == "similarity 1.0000"
    assert [line[:9] for line in lines[1:]] == [
        "A: image ",
        "   1  pat",
        "   2  pat",
        "B: image ",
        "   1  pat",
        "   2  pat",
    ]
