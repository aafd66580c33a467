"""Every command from the outside: what it prints where, and the status it ends with."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def at_demonstration(demonstration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(demonstration.home)
    return demonstration


def ask(*arguments: str) -> str:
    """What `galsearch query` prints, in this process."""
    result = CliRunner().invoke(app, ["query", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_table_for_people_repeats_the_question_and_aligns(at_demonstration) -> None:
    target_id = at_demonstration.target_id
    lines = ask("--target-id", target_id, "--using", "spectrum", "-k", "3").splitlines()
    assert lines[0] == f"spectrum of TARGETID {target_id}, among image (exact)"
    assert lines[1].split() == ["TARGETID", "similarity", "RA", "Dec", "z"]
    assert len({len(line) for line in lines[1:]}) == 1
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]


def test_json_lines_hold_ids_as_text_and_say_what_python_says(at_demonstration) -> None:
    target_id = at_demonstration.target_id
    rows = [
        json.loads(row)
        for row in ask("--target-id", target_id, "--format", "jsonl").split("\n")
        if row
    ]
    answer = galsearch.open_index("index_builds/demo").query(target_id)
    assert [row["target_id"] for row in rows] == [
        str(found) for found in answer.target_ids.tolist()
    ]
    assert [int(row["target_id"]) for row in rows] == answer.target_ids.tolist()
    np.testing.assert_allclose([row["similarity"] for row in rows], answer.similarity, atol=1e-6)
    assert [row["rank"] for row in rows] == list(range(1, 11))


def test_csv_has_a_header_and_a_line_a_neighbour(at_demonstration) -> None:
    text = ask("--target-id", at_demonstration.target_id, "--format", "csv", "-k", "2")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == ["rank", "target_id", "similarity", "ra_deg", "dec_deg", "z"]
    assert len(rows) == 2


def test_more_neighbours_than_galaxies_give_all_the_others(at_demonstration) -> None:
    text = ask("--target-id", at_demonstration.target_id, "-k", "1000", "--format", "csv")
    found = [row["target_id"] for row in csv.DictReader(io.StringIO(text))]
    assert len(found) == len(set(found)) == 23
    assert at_demonstration.target_id not in found


def test_a_gallery_is_written_and_said_on_stderr(
    demonstration, galsearch_command: Command, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = galsearch_command(
        "query",
        "--target-id",
        demonstration.target_id,
        "-k",
        "2",
        "--format",
        "jsonl",
        "--gallery",
        page,
        cwd=demonstration.home,
    )
    assert done.stderr == f"gallery: {page}\n"
    assert len(done.stdout.splitlines()) == 2
    assert page.read_text().startswith("<!doctype html>")


def test_inspect_prints_the_manifest_as_json(at_demonstration) -> None:
    result = CliRunner().invoke(app, ["inspect"], catch_exceptions=False)
    manifest = json.loads(result.stdout)
    assert manifest["recipe"]["name"] == "demo"
    assert manifest == json.loads(json.dumps(galsearch.open_index().manifest.as_table()))


def test_verify_reads_every_byte_and_says_so(at_demonstration) -> None:
    result = CliRunner().invoke(app, ["verify", "index_builds/demo"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "24" in result.stdout


def test_doctor_names_versions_engines_and_threads() -> None:
    text = CliRunner().invoke(app, ["doctor"], catch_exceptions=False).stdout
    for word in ("galsearch 0.", "Python 3.", "threads: ", "torch ", "faiss", "GPU"):
        assert word in text


def test_the_version_is_the_packages() -> None:
    text = CliRunner().invoke(app, ["--version"], catch_exceptions=False).stdout
    assert text == f"galsearch {galsearch.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["query"], ["query", "--target-id", "1", "--using", "radio"], ["quary"], ["embed", "--nope"]],
)
def test_wrong_usage_ends_with_status_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_help_says_what_every_option_is() -> None:
    for command in app.registered_commands:
        text = CliRunner().invoke(app, [str(command.name), "--help"], catch_exceptions=False).stdout
        assert f"Usage: galsearch {command.name}" in text.replace("root ", "galsearch ")
