"""The commands estimate and outliers."""

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app


@pytest.fixture
def at_demonstration(demonstration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(demonstration.home)
    return demonstration


def run(*arguments: str) -> tuple[str, str]:
    """Standard output and standard error of a command, run in this process."""
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_estimates_of_all_galaxies_as_csv(at_demonstration) -> None:
    stdout, stderr = run("estimate", "--property", "z,morphology", "--format", "csv", "-k", "5")
    rows = list(csv.DictReader(io.StringIO(stdout)))
    assert len(rows) == 24
    expected = galsearch.estimate(property="z,morphology", k=5)
    assert list(rows[0]) == ["target_id", *expected.columns]
    assert [int(row["target_id"]) for row in rows] == expected.target_ids.tolist()
    assert [row["morphology"] for row in rows] == expected.columns["morphology"].tolist()
    assert "z: 5 neighbours among 24 labelled galaxies" in stderr


def test_estimates_of_named_galaxies_as_json(at_demonstration, tmp_path: Path) -> None:
    target_id = at_demonstration.target_id
    arguments = ("--format", "jsonl", "--property", "true_z", "--using", "spectrum")
    stdout, _ = run("estimate", target_id, *arguments)
    (row,) = map(json.loads, stdout.splitlines())
    assert row["target_id"] == target_id
    assert row["true_z_low_68"] <= row["true_z"] <= row["true_z_high_68"]
    (tmp_path / "ids.txt").write_text(f"{target_id}\n")
    assert run("estimate", "--ids", str(tmp_path / "ids.txt"), *arguments)[0] == stdout
    with pytest.raises(galsearch.GalsearchError) as error:
        run("estimate", target_id, "--ids", str(tmp_path / "ids.txt"), *arguments)
    assert str(error.value) == (
        "galaxies are named as arguments and in a file; expected one of these."
    )


def test_redshifts_of_templates(at_demonstration) -> None:
    stdout, stderr = run(
        "estimate",
        at_demonstration.target_id,
        "--property",
        "z",
        "--method",
        "templates",
        "--dataset",
        "demo/dataset",
    )
    header, row = stdout.splitlines()
    assert header.split()[:3] == ["target_id", "z", "z_low_68"]
    assert row.split()[0] == at_demonstration.target_id
    assert stderr.splitlines()[-1] == "note: z: odds of templates, not calibrated"


def test_outliers_are_ranked(at_demonstration) -> None:
    stdout, _ = run(
        "outliers", "--rank-by", "inconsistency", "--top", "3", "-k", "4", "--format", "jsonl"
    )
    rows = [json.loads(line) for line in stdout.splitlines()]
    assert len(rows) == 3
    assert rows[0]["inconsistency"] >= rows[1]["inconsistency"] >= rows[2]["inconsistency"]
    assert rows[0]["inconsistency_p"] == pytest.approx(1 / 24)


def test_a_table_says_yes_and_no(at_demonstration) -> None:
    stdout, _ = run("estimate", at_demonstration.target_id, "--property", "z", "-k", "5")
    names, row = (line.split() for line in stdout.splitlines())
    shown = dict(zip(names, row, strict=True))
    assert {shown["z_outside_bank"], shown["z_unreliable"]} <= {"yes", "no"}


@pytest.mark.parametrize("command", ["estimate", "outliers"])
def test_the_help_has_examples(command: str) -> None:
    stdout, _ = run(command, "--help")
    assert stdout.split("Examples:")[1].count(f"galsearch {command} --") >= 2


def test_scores_are_written_to_a_file(at_demonstration, tmp_path: Path) -> None:
    stdout, _ = run("outliers", "-k", "4", "--out", str(tmp_path / "scores.parquet"))
    assert stdout == ""
    table = pq.read_table(tmp_path / "scores.parquet")
    assert len(table) == 24
    assert "inconsistency_p" in table.column_names
