"""The commands query, inspect and verify."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def at_demonstration(demonstration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(demonstration.home)
    return demonstration


def run_query(*arguments: str) -> str:
    """The standard output of `galsearch query`, run in this process."""
    result = CliRunner().invoke(app, ["query", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_more_neighbours_than_galaxies_give_all_the_others(at_demonstration) -> None:
    text = run_query("--target-id", at_demonstration.target_id, "-k", "1000", "--format", "csv")
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
    result = CliRunner().invoke(app, ["inspect", "--format", "json"], catch_exceptions=False)
    manifest = json.loads(result.stdout)
    assert manifest["recipe"]["name"] == "demo"
    assert manifest == json.loads(json.dumps(galsearch.open_index().manifest.as_table()))


def test_verify_reads_every_byte_and_reports_it(at_demonstration) -> None:
    result = CliRunner().invoke(app, ["verify", "index_builds/demo"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "24" in result.stdout


def test_inspect_shows_the_survey_files_of_an_index(at_demonstration) -> None:
    text = CliRunner().invoke(app, ["inspect", "--provenance"], catch_exceptions=False).stdout
    shown = text.splitlines()
    assert shown[0].startswith("index ")
    assert shown[3].endswith("; it is there, 24 galaxies")
    assert any(line.startswith("  spectra ") and ", sha256 " in line for line in shown)


def test_inspect_prints_a_summary(at_demonstration) -> None:
    text = CliRunner().invoke(app, ["inspect"], catch_exceptions=False).stdout
    assert text == galsearch.open_index().manifest.summary() + "\n"
    assert max(map(len, text.splitlines())) <= 100


def test_exact_search_and_n_probe_reach_the_engine(at_demonstration) -> None:
    target_id = at_demonstration.target_id
    shared = ("--target-id", target_id, "--using", "spectrum", "--among", "spectrum", "-k", "3")
    assert run_query(*shared, "--exact").splitlines()[0].endswith("(exact)")
    result = CliRunner().invoke(app, ["query", *shared, "--n-probe", "0"])
    assert str(result.exception) == "n_probe is 0; expected a whole number, 1 or more."


def test_verify_recognises_datasets_and_embeddings(at_demonstration) -> None:
    for path, words in (
        ("demo/dataset", "demo/dataset: 24 galaxies in "),
        ("demo/embeddings", "demo/embeddings: 24 image embeddings, 24 spectrum embeddings, 24 "),
    ):
        result = CliRunner().invoke(app, ["verify", path], catch_exceptions=False)
        assert result.exit_code == 0
        assert result.stdout.startswith(words)


def test_only_galaxies_of_a_list_are_found(at_demonstration, tmp_path: Path) -> None:
    ids = galsearch.open_index("index_builds/demo").index.ids[:5]
    table = tmp_path / "hosts.csv"
    table.write_text("name,host\n" + "".join(f"a,{target_id}\n" for target_id in ids))
    query = ("--target-id", str(ids[0]), "--format", "csv")
    text = run_query(*query, "--ids", str(table), "--ids-column", "host")
    found = {int(row["target_id"]) for row in csv.DictReader(io.StringIO(text))}
    assert found == set(ids[1:].tolist())


def test_a_missing_list_is_an_error_that_names_it(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["query", "--target-id", "1", "--ids", str(tmp_path / "no")])
    assert str(result.exception) == f"{tmp_path / 'no'}: no such file."


def test_a_table_of_queries_is_answered_row_by_row(at_demonstration, tmp_path: Path) -> None:
    ids = galsearch.open_index("index_builds/demo").index.ids[:3]
    table = tmp_path / "targets.csv"
    table.write_text("target_id\n" + "".join(f"{target_id}\n" for target_id in ids))
    lines = run_query("--queries", str(table), "-k", "2", "--format", "jsonl").splitlines()
    found = [json.loads(line)["query_target_id"] for line in lines]
    assert found == [str(target_id) for target_id in ids for _ in range(2)]
    for options, named in (
        (("--format", "csv"), "--format csv"),
        (("--target-id", "5"), "--target-id"),
    ):
        result = CliRunner().invoke(app, ["query", "--queries", str(table), *options])
        assert str(result.exception) == (
            f"{named} cannot stand beside --queries, whose results are printed one after another, "
            "as --format table or jsonl."
        )


def test_a_position_is_noted_on_stderr(at_demonstration) -> None:
    engine = galsearch.open_index("index_builds/demo")
    (record,) = engine.index.catalogue_records(engine.index.ids[:1])
    position = f"{record['ra_deg']:.6f} {record['dec_deg']:.6f}"
    result = CliRunner().invoke(app, ["query", "--position", position, "-k", "2"])
    assert result.exit_code == 0
    assert f"is TARGETID {record['target_id']}, 0.00 arcsec away." in result.stderr


def test_examples_may_be_repeated_or_separated_by_commas(at_demonstration) -> None:
    ids = [str(i) for i in galsearch.open_index("index_builds/demo").index.ids[:4]]
    shared = ("-k", "3", "--format", "csv")
    one = run_query("--like", ",".join(ids[:3]), "--unlike", ids[3], *shared)
    other = run_query(*(w for i in ids[:3] for w in ("--like", i)), "--unlike", ids[3], *shared)
    assert one == other
