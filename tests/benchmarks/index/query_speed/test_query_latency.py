"""The figures of query latency on a small index."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.index.query_speed import query_latency


def test_every_direction_and_many_neighbours_are_measured(
    demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "latency.json"
    index = demonstration.home / "index_builds" / "demo"
    words = [str(index), "--n", "5", "--batch", "12", "--k", "9", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["query_latency", *words])
    assert query_latency.main() == 0
    found = json.loads(out.read_text())
    assert found["galaxies"] == 24
    assert found["many_neighbours"]["k"] == 9
    assert len(found["many_neighbours"]["seconds"]) == 3
    for direction in ("image to image", "image to spectrum", "spectrum to image"):
        for key in ("single", "single_with_all_columns"):
            assert 0 < found[direction][key]["p50_ms"] <= found[direction][key]["p99_ms"]
        assert found[direction]["batch_per_second"] > 0
