"""The demonstration, run once from the command line: every stage from survey to gallery."""

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import galsearch
from galsearch.core.errors import OutputExistsError
from galsearch.demo import run_demo

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_demonstration_finds_neighbours_in_all_four_directions(demonstration) -> None:
    headings = re.findall(r"^(\w+) of TARGETID (\d+), among (\w+)", demonstration.stdout, re.M)
    kinds = [(using, among) for using, _, among in headings]
    assert kinds == [tuple(map(str, pair)) for pair in galsearch.DIRECTIONS]
    assert {query_id for _, query_id, _ in headings} == {demonstration.target_id}
    rows = re.findall(r"^ +([1-5])  +(\d{17,19})  ", demonstration.stdout, re.M)
    assert [rank for rank, _ in rows] == ["1", "2", "3", "4", "5"] * 4
    assert demonstration.target_id not in {found for _, found in rows}


def test_the_demonstration_shows_its_progress_on_stderr_alone(demonstration) -> None:
    for stage in ("listing spectra", "embedding galaxies"):
        assert stage in demonstration.stderr
        assert stage not in demonstration.stdout


def test_the_demonstration_counts_the_same_galaxies_at_every_border(demonstration) -> None:
    home = demonstration.home
    manifest = galsearch.open_index(home / "index_builds" / "demo").manifest
    dataset = galsearch.open_dataset(home / "demo" / "dataset")
    assert (len(dataset), manifest.n_galaxies) == (24, 24)
    for modality in galsearch.Modality:
        assert len(galsearch.open_store(home / "demo" / "embeddings", modality)) == 24
        assert manifest.modalities[modality].plan.n_vectors == 24


def test_the_commands_to_try_next_work(demonstration, galsearch_command: Command) -> None:
    gallery, rest = demonstration.stdout.split("gallery: ")[1].split("\n", 1)
    assert (demonstration.home / gallery).is_file()
    commands = [line.strip() for line in rest.splitlines() if line.startswith("  ")]
    assert len(commands) == 2
    for command in commands:
        program, *arguments = shlex.split(command)
        assert Path(program).name == "galsearch"
        done = galsearch_command(*arguments, cwd=demonstration.home)
        assert demonstration.target_id in done.stdout or "index 'demo'" in done.stdout
    assert (demonstration.home / "neighbours.html").is_file()


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("42")
    with pytest.raises(OutputExistsError) as caught:
        run_demo(tmp_path, n=10, build=tmp_path / "build")
    assert str(caught.value) == (
        f"{tmp_path} already holds thesis.tex, which the demonstration did not make."
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]
