"""Commands on an index as a whole: it is changed, inspected and verified."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import galsearch
from galsearch.cli import app
from galsearch.index import IndexRecipe, build_index


def test_galaxies_are_added_and_removed(
    make_sky: Callable[..., Any], galsearch_command: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(60)
    first, second = (
        type(sky)(*(a[rows] for a in (sky.ids, sky.image, sky.spectrum)))
        for rows in (slice(0, 40), slice(40, 60))
    )
    first.write(tmp_path / "first")
    second.write(tmp_path / "second")
    build_index(IndexRecipe(), embeddings=tmp_path / "first", out=tmp_path / "index_builds" / "toy")
    done = galsearch_command("add", "second", cwd=tmp_path)
    assert done.stdout.startswith("index 'default': 60 galaxies\n")
    done = galsearch_command("remove", str(sky.ids[0]), str(sky.ids[50]), cwd=tmp_path)
    assert done.stdout.startswith("index 'default': 58 galaxies\n")
    query = ("query", "--target-id", str(sky.ids[1]), "-k", "99", "--format", "csv")
    before = galsearch_command(*query, cwd=tmp_path).stdout
    assert len(before.splitlines()) == 58
    done = galsearch_command("compact", "index_builds/toy", cwd=tmp_path)
    assert "recall@10" in done.stdout
    assert galsearch_command(*query, cwd=tmp_path).stdout == before
    done = galsearch_command("remove", "5", cwd=tmp_path, status=1)
    assert done.stderr == (
        "galsearch: 1 of 1 TARGETIDs are not in index 'default', first 5; nothing was removed.\n"
        "Use a TARGETID that is there. query and estimate also take galaxies of embeddings: "
        "--from-embeddings DIRECTORY.\n"
    )
    assert galsearch_command("verify", "index_builds/toy", cwd=tmp_path).stdout.startswith("index")


@pytest.mark.slow  # UMAP is compiled when it is first used
def test_an_index_is_mapped_and_new_galaxies_are_placed(
    make_sky: Callable[..., Any], galsearch_command: Callable[..., Any], tmp_path: Path
) -> None:
    sky = make_sky(60)
    sky.write(tmp_path / "embeddings")
    build_index(IndexRecipe(), embeddings=tmp_path / "embeddings", out=tmp_path / "toy")
    done = galsearch_command("map", "toy", "--png", "map.png", "--out", "map.csv", cwd=tmp_path)
    assert (tmp_path / "map.png").read_bytes()[1:4] == b"PNG"
    lines = (tmp_path / "map.csv").read_text().splitlines()
    assert lines[0] == "target_id,ra_deg,dec_deg,z,x,y,is_fitted"
    assert len(lines) == 61
    assert "fit the map" in done.stderr
    done = galsearch_command("map", "toy", cwd=tmp_path)
    assert done.stdout.startswith("image map of index 'default': 60 galaxies, fitted to 60 ")
    assert "fit the map" not in done.stderr


def test_a_map_that_cannot_be_made_is_refused(
    make_sky: Callable[..., Any], galsearch_command: Callable[..., Any], tmp_path: Path
) -> None:
    make_sky(10).write(tmp_path / "embeddings")
    build_index(IndexRecipe(), embeddings=tmp_path / "embeddings", out=tmp_path / "toy")
    done = galsearch_command("map", "toy", cwd=tmp_path, status=1)
    assert done.stderr.strip() == (
        "galsearch: index 'default' has 10 image vectors; a map needs at least 20.\n"
        "Correct the option that the message names."
    )
    done = galsearch_command("map", "toy", "--colour-by", "z", cwd=tmp_path, status=1)
    assert done.stderr == (
        "galsearch: colour_by colours a picture; png names no file.\n"
        "Correct the option that the message names.\n"
    )


@pytest.fixture
def at_demonstration(demonstration, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(demonstration.home)
    return demonstration


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
    assert max(map(len, shown)) <= 100
    names = ["embeddings", "encoder", "dataset", "survey files"]
    assert [line[2:16].strip() for line in shown if re.match("  [a-z]", line)] == names
    assert text.count("  as recorded\n") == 4
    assert " bytes, sha256 " in text
    arguments = ["inspect", "--provenance", "--format", "json"]
    table = json.loads(CliRunner().invoke(app, arguments, catch_exceptions=False).stdout)
    (chain,) = table["chains"]
    assert {link["state"] for link in chain["links"]} == {"as recorded"}
    assert {source["release"] for source in chain["sources"]} == {"simulated"}


def test_inspect_prints_a_summary(at_demonstration) -> None:
    text = CliRunner().invoke(app, ["inspect"], catch_exceptions=False).stdout
    assert text == galsearch.open_index().manifest.summary() + "\n"
    assert max(map(len, text.splitlines())) <= 100


def test_verify_recognises_datasets_and_embeddings(at_demonstration) -> None:
    for path, words in (
        ("demo/dataset", "demo/dataset: 24 galaxies in "),
        ("demo/embeddings", "demo/embeddings: 24 image embeddings, 24 spectrum embeddings, 24 "),
    ):
        result = CliRunner().invoke(app, ["verify", path], catch_exceptions=False)
        assert result.exit_code == 0
        assert result.stdout.startswith(words)
        assert result.stdout.endswith("survey files as recorded\n")
