"""A changed build is measured beside a new build of the same galaxies."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

RunBenchmark = Callable[..., str]


def test_a_changed_build_is_measured_beside_a_new_one(
    synthetic_home: Path, run_benchmark: RunBenchmark, tmp_path: Path
) -> None:
    out = tmp_path / "churn.json"
    options = ("--steps", "2", "--work", tmp_path / "work", "--out", out)
    run_benchmark("index.add_remove_cycles", synthetic_home / "synthetic", *options)
    results = json.loads(out.read_text())
    assert len(results["step_seconds"]) == 2
    for entry in results["directions"]:
        assert entry["live_removed"] == 0
        assert np.mean(entry["live_found"]) > 0.9 * np.mean(entry["anew_found"])
