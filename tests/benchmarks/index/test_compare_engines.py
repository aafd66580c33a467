"""The comparison of engines runs at toy size, and its table follows from its results."""

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.index.compare_engines import fastest_at, points

RunBenchmark = Callable[..., str]


def test_engines_are_compared_and_a_second_run_does_nothing(
    synthetic_home: Path, run_benchmark: RunBenchmark
) -> None:
    out = synthetic_home / "engines.json"
    arguments = (synthetic_home / "synthetic", "--build", synthetic_home / "toy", "--out", out)
    engines = ("--engines", "galsearch", "faiss", "nothing", "--variants", "ip IVF{lists},Flat")
    printed = run_benchmark("index.compare_engines", *arguments, *engines)
    results = json.loads(out.read_text())
    assert set(results) == {
        f"{name}|ip IVF{{lists}},Flat|{among}"
        for name in ("galsearch", "faiss", "nothing")
        for among in ("image", "spectrum")
    }
    assert results["nothing|ip IVF{lists},Flat|image"]["failed"] == "KeyError: 'nothing'"
    for name in ("galsearch", "faiss"):
        entries = results[f"{name}|ip IVF{{lists}},Flat|image"]["directions"]["spectrum"]
        assert all(entry["n_questions"] == 12 for entry in entries)
        assert all(("single_cpu_seconds" in e) == (e["recall"] >= 0.9) for e in entries)
        assert max(entry["recall"] for entry in entries) > 0.95
    assert printed.count("\n") == 8
    before = out.read_text()
    run_benchmark("index.compare_engines", *arguments, *engines)
    assert out.read_text() == before
    run_benchmark("index.tradeoff_figure", out, "--out", synthetic_home / "engines.png")
    assert (synthetic_home / "engines.png").stat().st_size > 10_000


def test_the_fastest_setting_is_chosen_among_those_that_reach_the_recall() -> None:
    entries = [
        {"recall": 0.9, "n_questions": 10, "batch_cpu_seconds": [0.1], "single_cpu_seconds": [1.0]},
        {"recall": 0.96, "n_questions": 10, "batch_cpu_seconds": [4.0, 2.0]},
        {"recall": 0.99, "n_questions": 10, "batch_cpu_seconds": [5], "single_cpu_seconds": [8]},
    ]
    assert points(entries)[1] == (0.96, 5.0, 0.0)
    assert fastest_at(entries, 0.95) == (5.0, 1.25)
    assert fastest_at(entries, 0.999) is None
