"""The command query: one galaxy, or a table of queries."""

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
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


def test_exact_search_and_n_probe_reach_the_engine(at_demonstration) -> None:
    target_id = at_demonstration.target_id
    shared = ("--target-id", target_id, "--using", "spectrum", "--among", "spectrum", "-k", "3")
    assert run_query(*shared, "--exact").splitlines()[0].endswith("(exact)")
    result = CliRunner().invoke(app, ["query", *shared, "--n-probe", "0"])
    assert str(result.exception) == "n_probe is 0; expected a whole number, 1 or more."


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
    assert [json.loads(line)["query_row"] for line in lines] == [1, 1, 2, 2, 3, 3]
    result = CliRunner().invoke(app, ["query", "--queries", str(table), "--target-id", "5"])
    assert str(result.exception) == (
        "--target-id cannot stand beside --queries, which has a query in each row."
    )


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet", "fits", "ecsv", "votable", "table"])
def test_a_table_of_queries_has_the_same_bytes_on_standard_output_and_in_a_file(
    at_demonstration, tmp_path: Path, kind: str
) -> None:
    ids = galsearch.open_index("index_builds/demo").index.ids[:3]
    table = tmp_path / "targets.csv"
    table.write_text("target_id\n" + "".join(f"{target_id}\n" for target_id in ids))
    options = ["query", "--queries", str(table), "-k", "2", "--links", "--format", kind]
    printed = CliRunner().invoke(app, options, catch_exceptions=False)
    out = tmp_path / "out" / "found"
    written = CliRunner().invoke(app, [*options, "--out", str(out)], catch_exceptions=False)
    assert printed.stdout_bytes == out.read_bytes()
    assert written.stdout == ""
    for result in (printed, written):
        assert "searching neighbours" in result.stderr
        assert "3/3" in result.stderr
    assert list(out.parent.iterdir()) == [out]


def test_bad_rows_are_skipped_where_that_is_wanted(at_demonstration, tmp_path: Path) -> None:
    target_id = at_demonstration.target_id
    table = tmp_path / "targets.csv"
    table.write_text(f"target_id\n5\n{target_id}\n")
    options = ["query", "--queries", str(table), "--skip-bad-rows", "-k", "1", "--format", "csv"]
    result = CliRunner().invoke(app, options, catch_exceptions=False)
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["query_row"], row["query_target_id"]) == ("2", target_id)
    notes = [
        "note: 1 of 2 rows are left out.",
        "note: TARGETID not found, in 1 row: 1. The first: TARGETID 5 is not in index 'demo' (24 "
        "galaxies).",
    ]
    assert result.stderr.splitlines()[-3:] == [
        *notes,
        "note: --left-out FILE lists all rows that are left out.",
    ]
    out, rows = tmp_path / "found.csv", tmp_path / "found.csv.left_out.csv"
    result = CliRunner().invoke(app, [*options, "--out", str(out)], catch_exceptions=False)
    assert out.read_text().startswith("query_row,query_target_id,")
    assert result.stderr.splitlines()[-3:] == [
        *notes,
        f"note: {rows} lists the rows that are left out, with the reason of each.",
    ]
    (row,) = csv.DictReader(io.StringIO(rows.read_text()))
    assert row == {
        "query_row": "1",
        "query_column": "target_id",
        "query_value": "5",
        "reason": "TARGETID not found",
        "problem": "TARGETID 5 is not in index 'demo' (24 galaxies).",
    }
    error = CliRunner().invoke(app, ["query", "--skip-bad-rows", "--target-id", "5"]).exception
    assert str(error) == "--skip-bad-rows is given without --queries, whose rows it concerns."


def test_the_list_of_left_out_rows_is_written_where_it_may_be(
    at_demonstration, tmp_path: Path
) -> None:
    table, rows = tmp_path / "targets.csv", tmp_path / "rows.parquet"
    table.write_text(f"target_id\n{at_demonstration.target_id}\n")
    options = ["query", "--queries", str(table), "-k", "1", "--left-out", str(rows)]
    error = CliRunner().invoke(app, options).exception
    assert str(error) == "--left-out is given without --skip-bad-rows, whose rows it lists."
    result = CliRunner().invoke(app, [*options, "--skip-bad-rows"], catch_exceptions=False)
    assert "note:" not in result.stderr
    assert len(pq.read_table(rows)) == 0
    error = CliRunner().invoke(app, [*options, "--skip-bad-rows"]).exception
    assert str(error) == f"{rows}: the file exists already."


def test_an_error_in_a_row_leaves_no_file(at_demonstration, tmp_path: Path) -> None:
    target_id = at_demonstration.target_id
    table, out = tmp_path / "targets.csv", tmp_path / "found.fits"
    table.write_text(f"target_id\n{target_id}\n5\n")
    options = ["query", "--queries", str(table), "--out", str(out)]
    error = CliRunner().invoke(app, options).exception
    assert str(error) == (
        f"{table}, row 2, column target_id: TARGETID 5 is not in index 'demo' (24 galaxies)."
    )
    assert list(tmp_path.iterdir()) == [table]


def test_the_text_for_people_names_the_row_of_each_query(at_demonstration, tmp_path: Path) -> None:
    target_id = at_demonstration.target_id
    table = tmp_path / "targets.csv"
    table.write_text(f"target_id\n{target_id}\n{target_id}\n")
    lines = run_query("--queries", str(table), "-k", "2").splitlines()
    assert lines[::4] == [
        f"row {row}: image of TARGETID {target_id}, among image (exact)" for row in (1, 2)
    ]
    lines = run_query("--queries", str(table), "-k", "5", "--facets").splitlines()
    assert [line for line in lines if line.startswith("row")] == [
        f"row {row}: 5 neighbours" for row in (1, 2)
    ]
    text = run_query("--queries", str(table), "-k", "5", "--facets", "--format", "csv")
    assert {row["query_row"] for row in csv.DictReader(io.StringIO(text))} == {"1", "2"}


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


def test_a_vector_database_is_queried_in_place_of_an_index(
    demonstration, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("lancedb")
    monkeypatch.chdir(demonstration.home)
    export = ["export", "lance", "demo/embeddings", str(tmp_path / "vectors")]
    result = CliRunner().invoke(app, export, catch_exceptions=False)
    assert result.stdout.startswith("24 image embeddings and 24 spectrum embeddings in lance://")
    query = ["query", "--target-id", demonstration.target_id, "-k", "5", "--where", "z > 0.01"]
    address = f"lance://{tmp_path / 'vectors'}"
    found = CliRunner().invoke(app, [*query, "--index", address], catch_exceptions=False)
    wanted = CliRunner().invoke(app, [*query, "--exact"], catch_exceptions=False)
    assert found.stdout == wanted.stdout
    assert len(found.stdout.splitlines()) == 7
