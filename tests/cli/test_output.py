"""Neighbours on standard output: a table, JSON lines and CSV."""

import csv
import io
import json

import numpy as np
import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app
from galsearch.cli.output import Format, show_neighbours
from galsearch.core.modality import Modality
from galsearch.query.results.neighbours import Neighbours


@pytest.fixture
def at_demonstration(demonstration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(demonstration.home)
    return demonstration


def run_query(*arguments: str) -> str:
    """The standard output of `galsearch query`, run in this process."""
    result = CliRunner().invoke(app, ["query", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_text_table_repeats_the_query_and_aligns(at_demonstration) -> None:
    target_id = at_demonstration.target_id
    lines = run_query("--target-id", target_id, "--using", "spectrum", "-k", "3").splitlines()
    assert lines[0] == f"spectrum of TARGETID {target_id}, among image (exact)"
    assert lines[1].split() == ["TARGETID", "similarity", "RA", "Dec", "z"]
    assert len({len(line) for line in lines[1:]}) == 1
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]


def test_json_lines_hold_ids_as_text_and_the_values_of_python(at_demonstration) -> None:
    target_id = at_demonstration.target_id
    rows = [
        json.loads(row)
        for row in run_query("--target-id", target_id, "--format", "jsonl").split("\n")
        if row
    ]
    neighbours = galsearch.open_index("index_builds/demo").query(target_id)
    assert [row["target_id"] for row in rows] == [
        str(found) for found in neighbours.target_ids.tolist()
    ]
    assert [int(row["target_id"]) for row in rows] == neighbours.target_ids.tolist()
    similarity = [row["similarity"] for row in rows]
    np.testing.assert_allclose(similarity, neighbours.similarity, atol=1e-6)
    assert [row["rank"] for row in rows] == list(range(1, 11))


def test_csv_has_a_header_and_a_line_a_neighbour(at_demonstration) -> None:
    text = run_query("--target-id", at_demonstration.target_id, "--format", "csv", "-k", "2")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == ["rank", "target_id", "similarity", "ra_deg", "dec_deg", "z"]
    assert len(rows) == 2


@pytest.fixture
def with_missing_values() -> Neighbours:
    """Two neighbours; of the second one neither the position nor the redshift is known."""
    return Neighbours(
        target_ids=np.array([2, 3]),
        similarity=np.array([0.5, 0.25], np.float32),
        ra_deg=np.array([1.5, np.nan]),
        dec_deg=np.array([-2.5, np.inf]),
        z=np.array([0.125, np.nan]),
        using=Modality.IMAGE,
        among=Modality.IMAGE,
        query_target_id=None,
        exact=True,
    )


def test_values_that_are_not_known_are_null_in_json_and_empty_in_csv(
    with_missing_values: Neighbours, capsys: pytest.CaptureFixture[str]
) -> None:
    show_neighbours(with_missing_values, Format.JSONL)
    assert capsys.readouterr().out == (
        '{"rank": 1, "target_id": "2", "similarity": 0.5, "ra_deg": 1.5, "dec_deg": -2.5, '
        '"z": 0.125}\n'
        '{"rank": 2, "target_id": "3", "similarity": 0.25, "ra_deg": null, "dec_deg": null, '
        '"z": null}\n'
    )
    show_neighbours(with_missing_values, Format.CSV)
    assert capsys.readouterr().out.splitlines()[2] == "2,3,0.25,,,"
    show_neighbours(with_missing_values, Format.TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["1", "2", "0.5000", "1.50000", "-2.50000", "0.12500"]
    assert lines[3].split() == ["2", "3", "0.2500", "-", "-", "-"]
    assert len(lines[2]) == len(lines[3])
