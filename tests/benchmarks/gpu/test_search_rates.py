"""Search is measured, here on a CPU at a tiny size."""

from pathlib import Path

from benchmarks.gpu.search_rates import measure_search
from galsearch.core.modality import DIRECTIONS


def test_each_direction_has_its_rate_and_recall(tmp_path: Path) -> None:
    found = measure_search(tmp_path, "cpu", n=1200, n_queries=100)
    for using, among in DIRECTIONS:
        values = found[f"{using}-{among}"]
        assert values["queries_per_second"] > 0
        assert values["recall_at_10"] > 0.9
    assert found["faiss_alone"]["exact_per_second"] > 0
