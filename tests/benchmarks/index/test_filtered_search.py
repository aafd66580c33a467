"""Filters of every kind are measured beside FAISS's selector, and no forbidden id is returned."""

import json
from collections.abc import Callable
from pathlib import Path

RunBenchmark = Callable[..., str]


def test_filters_are_measured_beside_a_selector(
    synthetic_home: Path, run_benchmark: RunBenchmark
) -> None:
    out = synthetic_home / "filters.json"
    arguments = ("--build", synthetic_home / "toy", "--n", "8", "--forbidden", "3000", "--out", out)
    run_benchmark("index.filtered_search", synthetic_home / "synthetic", *arguments)
    results = json.loads(out.read_text())
    assert results["forbidden"]["questions"] >= 3000
    assert (results["forbidden"]["forbidden"], results["forbidden"]["short"]) == (0, 0)
    entries = results["filters"]
    assert len(entries) == 4 * 3 * 5
    assert {entry["n_forbidden"] for entry in entries} == {0}
    assert {entry["n_short"] for entry in entries} == {0}
    assert min(entry["recall"] for entry in entries) > 0.8
