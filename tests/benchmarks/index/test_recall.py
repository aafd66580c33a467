"""The recall benchmark runs at toy size, and its table follows from its raw results."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from galsearch.index import IndexRecipe, build_index

ROOT = Path(__file__).parents[3]


def test_the_benchmark_measures_four_directions_of_a_toy_index(
    make_sky: Callable[..., Any], tmp_path: Path
) -> None:
    build = tmp_path / "toy"
    recipe = IndexRecipe(name="toy", n_tuning_queries=20, n_bits=4)
    build_index(recipe, embeddings=make_sky(600).write(tmp_path / "sky"), out=build)
    out = tmp_path / "results" / "recall.json"
    command = [sys.executable, "-m", "benchmarks.index.recall", str(build)]
    command += ["--queries", "30", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    results = json.loads(out.read_text())
    assert results["machine"]["n_threads"] == 1
    rows = done.stdout.splitlines()[2:]
    assert len(rows) == len(results["directions"]) == 4
    for row, entry in zip(rows, results["directions"], strict=True):
        assert row.startswith(f"| {entry['using']} | {entry['among']} | ")
        assert len(entry["latency_ms"]) == len(entry["target_ids"]) == 30
        assert all(isinstance(target_id, str) for target_id in entry["target_ids"])
        shares = np.array(entry["n_found"]["10"]) / np.array(entry["n_true"]["10"])
        assert f"{shares.mean():.3f}" in row
        assert shares.mean() > 0.8
