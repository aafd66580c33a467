"""The benchmarks of the index run at toy size, and their tables follow from raw results."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.index import IndexRecipe, build_index

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Galaxies drawn around few, and a build of them."""
    home = tmp_path_factory.mktemp("benchmarks")
    make_sky(300).write(home / "few")
    run(
        "index.synthetic_vectors",
        home / "few",
        "--n",
        "900",
        "--questions",
        "12",
        "--out",
        home / "drawn",
    )
    recipe = IndexRecipe(family="fastscan", n_lists=16, n_tuning_queries=20)
    build_index(recipe, embeddings=home / "drawn", out=home / "toy")
    return home


def run(name: str, *arguments: object) -> str:
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_drawn_galaxies_are_like_those_they_were_drawn_around(home: Path) -> None:
    found = json.loads((home / "drawn" / "likeness.json").read_text())
    for kind in ("image_among_image", "spectrum_among_spectrum", "image_among_spectrum"):
        embedded, drawn = (found[which][kind] for which in ("embedded", "drawn"))
        for rank in ("5", "10", "20"):
            ratio = drawn["distance_by_rank"][rank] / embedded["distance_by_rank"][rank]
            assert 0.6 < ratio < 1.4
    assert found["drawn"]["gap"] == pytest.approx(found["embedded"]["gap"], rel=0.15)


def test_engines_are_compared_and_a_second_run_does_nothing(home: Path) -> None:
    out = home / "peers.json"
    arguments = (home / "drawn", "--build", home / "toy", "--out", out)
    engines = ("--engines", "ours", "faiss", "nothing", "--builds", "ip IVF{lists},Flat")
    printed = run("index.compare_engines", *arguments, *engines)
    results = json.loads(out.read_text())
    assert set(results) == {
        f"{name}|ip IVF{{lists}},Flat|{among}"
        for name in ("ours", "faiss", "nothing")
        for among in ("image", "spectrum")
    }
    assert results["nothing|ip IVF{lists},Flat|image"]["failed"] == "KeyError: 'nothing'"
    for name in ("ours", "faiss"):
        entries = results[f"{name}|ip IVF{{lists}},Flat|image"]["directions"]["spectrum"]
        assert all(entry["n_questions"] == 12 for entry in entries)
        assert all(("single_cpu_seconds" in e) == (e["recall"] >= 0.9) for e in entries)
        assert max(entry["recall"] for entry in entries) > 0.95
    assert printed.count("\n") == 8
    before = out.read_text()
    run("index.compare_engines", *arguments, *engines)
    assert out.read_text() == before
    run("index.tradeoff_figure", out, "--out", home / "peers.png")
    assert (home / "peers.png").stat().st_size > 10_000


def test_filters_are_measured_beside_a_selector(home: Path) -> None:
    out = home / "filters.json"
    arguments = ("--build", home / "toy", "--n", "8", "--forbidden", "3000", "--out", out)
    run("index.filtered_search", home / "drawn", *arguments)
    results = json.loads(out.read_text())
    assert results["forbidden"]["questions"] >= 3000
    assert (results["forbidden"]["forbidden"], results["forbidden"]["short"]) == (0, 0)
    entries = results["filters"]
    assert len(entries) == 4 * 3 * 5
    assert {entry["n_forbidden"] for entry in entries} == {0}
    assert {entry["n_short"] for entry in entries} == {0}
    assert min(entry["recall"] for entry in entries) > 0.8


def test_the_ways_of_faiss_are_measured_beside_ours(home: Path) -> None:
    out = home / "selectors.json"
    indexes = ("--indexes", "IVF{lists},Flat", "HNSW32,Flat")
    how = ("--build", home / "toy", "--share", "0.2", "--n", "8", *indexes, "--out", out)
    printed = run("index.faiss_id_selectors", home / "drawn", *how)
    ways = json.loads(out.read_text())["ways"]
    assert len(ways) == 1 + 2 * 3
    assert printed.count("\n") == 2 + len(ways)
    for found in ways.values():
        assert set(found) == {"image", "spectrum"}
        assert all(own["recall"] > 0.8 for own in found.values())
        assert all(own["queries_per_second_one_by_one"] > 0 for own in found.values())


def test_churn_is_measured_beside_a_build_made_anew(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "churn.json"
    run(
        "index.add_remove_cycles",
        home / "drawn",
        "--steps",
        "2",
        "--work",
        tmp_path / "work",
        "--out",
        out,
    )
    results = json.loads(out.read_text())
    assert len(results["step_seconds"]) == 2
    for entry in results["directions"]:
        assert entry["live_removed"] == 0
        assert np.mean(entry["live_found"]) > 0.9 * np.mean(entry["anew_found"])
