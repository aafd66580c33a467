"""The table of the scaling benchmark follows from its results."""

import threading
from typing import Any

from benchmarks.index.scaling import PEAKS, sample_memory, table
from galsearch.core.modality import DIRECTIONS


def entry(n: int, p50: float) -> dict[str, Any]:
    directions = [
        {"using": using, "among": among, "p50_ms": p50 + i, "p99_ms": 9.0, "recall_at_10": 0.95}
        for i, (using, among) in enumerate(DIRECTIONS)
    ]
    return {
        "n_vectors": {"image": n, "spectrum": 10},
        "build_seconds": 12.0,
        "build_cpu_seconds": 11.0,
        "stages": {"train image index": 4.0, "measure recall": 8.0},
        "peak_anonymous_bytes": 2e9,
        "bytes_a_vector": {"image": 100.0, "spectrum": 120.0},
        "directions": directions,
    }


def test_sizes_are_shown_in_order_with_the_slowest_direction() -> None:
    lines = table({"large": entry(2000, 1.0), "small": entry(1000, 0.5)}).splitlines()
    assert lines[2] == (
        "| 1,000, 10 | 12 (11) | 4 | 2.00 GB | 100, 120 | 0.950, 0.950, 0.950, 0.950 | 3.50, 9.00 |"
    )
    assert lines[3].startswith("| 2,000, 10 |")


def test_the_peak_of_memory_is_noted() -> None:
    peaks, finished = dict.fromkeys(PEAKS.values(), 0), threading.Event()
    watch = threading.Thread(target=sample_memory, args=(peaks, finished), daemon=True)
    watch.start()
    watch.join(0.5)
    finished.set()
    watch.join()
    assert peaks["peak_resident_bytes"] >= peaks["peak_anonymous_bytes"] > 1e6
