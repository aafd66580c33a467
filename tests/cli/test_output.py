"""Results on standard output and in files, in every format."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app
from galsearch.cli.output import Format, Output, show_notes
from galsearch.core.errors import (
    BinaryOutputError,
    OutputFileExistsError,
    QueryError,
    TableFormatError,
)
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
    np.testing.assert_array_equal(np.float32(similarity), neighbours.similarity)
    assert {row["query_target_id"] for row in rows} == {target_id}
    assert rows[0]["spectype"] == "GALAXY"
    assert isinstance(rows[0]["_healpix_29"], str)
    assert [row["rank"] for row in rows] == list(range(1, 11))


def test_csv_has_a_header_and_a_line_a_neighbour(at_demonstration) -> None:
    text = run_query("--target-id", at_demonstration.target_id, "--format", "csv", "-k", "2")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0])[:5] == ["query_target_id", "rank", "target_id", "similarity", "ra_deg"]
    assert {"z_err", "spectype", "morphology"} <= set(rows[0])
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
    Output(Format.JSONL).show(with_missing_values)
    assert capsys.readouterr().out == (
        '{"query_target_id": null, "rank": 1, "target_id": "2", "similarity": 0.5, "ra_deg": 1.5, '
        '"dec_deg": -2.5, "z": 0.125}\n'
        '{"query_target_id": null, "rank": 2, "target_id": "3", "similarity": 0.25, '
        '"ra_deg": null, "dec_deg": null, "z": null}\n'
    )
    Output(Format.CSV).show(with_missing_values)
    assert capsys.readouterr().out.splitlines()[2] == ",2,3,0.25,,inf,"
    Output().show(with_missing_values)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["1", "2", "0.5000", "1.50000", "-2.50000", "0.12500"]
    assert lines[3].split() == ["2", "3", "0.2500", "-", "-", "-"]
    assert len(lines[2]) == len(lines[3])


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("found.vot", b"<?xml"),
        ("found.fits", b"SIMPLE"),
        ("found.ecsv", b"# %ECSV"),
        ("found.parquet", b"PAR1"),
        ("found.csv", b"query_target_id,rank"),
        ("found.jsonl", b'{"query_target_id"'),
    ],
)
def test_the_name_of_the_file_says_the_format(
    name: str, begin: bytes, with_missing_values: Neighbours, tmp_path: Path
) -> None:
    path = tmp_path / name
    Output(out=path).show(with_missing_values)
    content = path.read_bytes()
    assert content.startswith(begin)
    with pytest.raises(OutputFileExistsError) as caught:
        Output(out=path)
    assert str(caught.value) == f"{path}: the file exists already."
    Output(out=path, overwrite=True).show(with_missing_values)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("output_format", [Format.FITS, Format.PARQUET, Format.VOTABLE])
def test_standard_output_has_the_bytes_of_the_file(
    output_format: Format,
    with_missing_values: Neighbours,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    Output(output_format, tmp_path / "file").show(with_missing_values)
    Output(output_format).show(with_missing_values)
    Output(output_format).show(with_missing_values)
    assert capfdbinary.readouterr().out == (tmp_path / "file").read_bytes() * 2


def test_a_text_table_is_written_to_a_file_if_that_is_wanted(
    with_missing_values: Neighbours, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Output().show(with_missing_values)
    Output(Format.TABLE, tmp_path / "found.txt").show(with_missing_values)
    assert (tmp_path / "found.txt").read_text() == capsys.readouterr().out
    with pytest.raises(TableFormatError, match=r"found\.txt: no table format belongs to a name"):
        Output(out=tmp_path / "found.txt", overwrite=True)


def test_a_terminal_is_not_sent_a_binary_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(BinaryOutputError) as caught:
        Output(Format.FITS)
    assert str(caught.value) == "fits is a binary format, which a terminal cannot show."
    Output(Format.VOTABLE)


def test_links_are_columns(
    with_missing_values: Neighbours, capsys: pytest.CaptureFixture[str]
) -> None:
    Output(Format.CSV, links=True).show(with_missing_values)
    names, first, _ = capsys.readouterr().out.splitlines()
    assert names.endswith(",legacy_viewer_url,desi_spectrum_url")
    assert first.endswith('"https://www.legacysurvey.org/viewer/desi-spectrum/dr1/targetid2"')
    Output(links=True).show(with_missing_values)
    lines = capsys.readouterr().out.splitlines()
    assert "  https://www.legacysurvey.org/viewer?ra=1.500000&dec=-2.500000&" in lines[2]
    assert lines[3].endswith("  -")


def test_facets_are_printed_instead_of_galaxies(at_demonstration) -> None:
    options = ("--target-id", at_demonstration.target_id, "-k", "20", "--facets")
    lines = run_query(*options).splitlines()
    assert lines[0] == "20 neighbours"
    assert "spectype" in lines
    rows = [json.loads(line) for line in run_query(*options, "--format", "jsonl").splitlines()]
    assert {row["column"] for row in rows} > {"spectype", "morphology", "z"}
    assert sum(row["count"] for row in rows if row["column"] == "z") == 20


def test_a_file_that_exists_is_an_error_before_the_query(at_demonstration, tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    path.write_text("mine")
    result = CliRunner().invoke(app, ["query", "--target-id", "1", "--out", str(path)])
    assert isinstance(result.exception, OutputFileExistsError)
    assert path.read_text() == "mine"


def test_a_result_that_no_program_takes_over_samp_is_printed_all_the_same(
    at_demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'none').as_uri()}")
    options = ["query", "--target-id", at_demonstration.target_id, "-k", "2", "--samp"]
    result = CliRunner().invoke(app, options)
    assert len(result.stdout.splitlines()) == 4
    assert str(result.exception) == "no SAMP hub is running on this machine."


def test_notes_are_sentences_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    show_notes(["a.", "b."])
    assert capsys.readouterr().err == "note: a.\nnote: b.\n"


def test_links_of_facets_are_refused() -> None:
    with pytest.raises(QueryError) as caught:
        Output(links=True, facets=True)
    assert str(caught.value) == (
        "links are wanted beside facets, which are counts of galaxies; expected one of these."
    )


def test_a_query_by_both_modalities_is_named_in_words(at_demonstration) -> None:
    target_id = at_demonstration.target_id
    text = run_query("--target-id", target_id, "--using", "both", "--among", "both", "-k", "1")
    assert text.startswith(f"image and spectrum of TARGETID {target_id}, among both (exact)\n")
