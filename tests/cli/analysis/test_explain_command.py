"""The command explain prints a table for people, writes all parts, and draws a picture."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.analysis.explanation import explain
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
    pair = SummingPair(image=0.1, spectrum=0.001)
    monkeypatch.setattr(explain, "load_encoder_pair", lambda name: {"mine": pair}[name])
    path, png = write_galaxy(tmp_path / "a.fits", galaxy()), tmp_path / "pair.png"
    b = demonstration.target_id
    data = ("--among", "spectrum", "--dataset", "demo/dataset", "--encoder", "mine")
    stdout, stderr = run(path, b, *data, "--format", "csv", "--png", png)
    rows = list(csv.DictReader(io.StringIO(stdout)))
    assert [row["galaxy"] for row in rows[:208]] == ["A"] * 144 + ["B"] * 64
    assert [rows[number]["target_id"] for number in (0, 144, -1)] == ["", b, b]
    assert {row["part"] for row in rows[208:]} == {"line"}
    contribution = np.array([float(row["contribution"]) for row in rows[:144]])
    assert np.all(np.diff(contribution) <= 0)
    assert png.read_bytes()[1:4] == b"PNG"
    assert f"picture: {png}" in stderr
    assert f"note: A, {path}: the similarity is " in stderr


def test_a_table_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    found = galsearch.explain(galaxy(), galaxy(), encoder=SummingPair(image=0.1))
    monkeypatch.setattr(galsearch, "explain", lambda *_, **__: found)
    stdout, _ = run("1", "2", "--top", "2")
    lines = stdout.splitlines()
    assert lines[0] == "similarity 1.0000"
    assert [line[:9] for line in lines[1:]] == [
        *("A: image ", "rank  par", "   1  pat", "   2  pat"),
        *("B: image ", "rank  par", "   1  pat", "   2  pat"),
    ]


def test_a_picture_that_exists_is_an_error_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "pair.png").write_text("mine")
    result = CliRunner().invoke(app, ["explain", "1", "2", "--png", str(tmp_path / "pair.png")])
    assert str(result.exception) == f"{tmp_path / 'pair.png'}: the file exists already."
    assert (tmp_path / "pair.png").read_text() == "mine"
