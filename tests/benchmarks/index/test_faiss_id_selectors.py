"""The id selectors of FAISS are measured beside galsearch at toy size."""

import json
from collections.abc import Callable
from pathlib import Path

RunBenchmark = Callable[..., str]


def test_selectors_of_faiss_are_measured_beside_galsearch(
    synthetic_home: Path, run_benchmark: RunBenchmark
) -> None:
    out = synthetic_home / "selectors.json"
    indexes = ("--indexes", "IVF{lists},Flat", "HNSW32,Flat")
    options = ("--build", synthetic_home / "toy", "--share", "0.2", "--n", "8", *indexes)
    synthetic = synthetic_home / "synthetic"
    printed = run_benchmark("index.faiss_id_selectors", synthetic, *options, "--out", out)
    ways = json.loads(out.read_text())["ways"]
    assert len(ways) == 1 + 2 * 3
    assert printed.count("\n") == 2 + len(ways)
    for found in ways.values():
        assert set(found) == {"image", "spectrum"}
        assert all(own["recall"] > 0.8 for own in found.values())
        assert all(own["queries_per_second_one_by_one"] > 0 for own in found.values())
