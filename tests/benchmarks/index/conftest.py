"""Synthetic galaxies and a toy build of them, and a runner for benchmark commands."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from galsearch.index import IndexRecipe, build_index

ROOT = Path(__file__).parents[3]
RunBenchmark = Callable[..., str]


def run(name: str, *arguments: object) -> str:
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def run_benchmark() -> RunBenchmark:
    """Runs `python -m benchmarks.NAME ...` and returns what it printed."""
    return run


@pytest.fixture(scope="session")
def synthetic_home(make_sky: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `synthetic` vectors, sampled around few galaxies, and a `toy` build."""
    home = tmp_path_factory.mktemp("benchmarks")
    make_sky(300).write(home / "few")
    out = ("--out", home / "synthetic")
    run("index.synthetic_vectors", home / "few", "--n", 900, "--queries", 12, *out)
    recipe = IndexRecipe(family="fastscan", n_lists=16, n_tuning_queries=20)
    build_index(recipe, embeddings=home / "synthetic", out=home / "toy")
    return home
