"""Tables are made of the results alone."""

from benchmarks.service.service_report import report

MEMORY = {"rss": 100.0, "pss": 90.0, "uss": 80.0}
RUN = {
    "service": "galsearch",
    "recall_at_10": 0.951,
    "clients": 64,
    "per_second": 2000.5,
    "p50_ms": 1.5,
    "p99_ms": 9.0,
    "longest_ms": 20.0,
    "cpu_ms_per_request": 0.4,
    "errors": 0,
    "memory_mb": [MEMORY, {**MEMORY, "rss": 120.0}, {**MEMORY, "rss": 110.0}],
}


def test_a_run_is_a_line_and_uploads_are_beneath() -> None:
    half = {"p50_ms": 1.0, "p99_ms": 2.0, "requests": 5, "errors": 1}
    results = {
        "galaxies": 1000,
        "columns": 59,
        "runs": [RUN],
        "uploads": {"without": half, "with": half, "uploads": half},
        "not_measured": {"qdrant": "it is too slow"},
    }
    assert report(results).splitlines() == [
        "1,000 galaxies, 59 columns, k = 10.",
        "",
        "| service | recall@10 | clients | queries/s | p50 ms | p99 ms | longest ms | CPU ms "
        "| errors | RSS MB: first, last, most |",
        "|---|---|---|---|---|---|---|---|---|---|",
        "| galsearch | 0.951 | 64 | 2000.5 | 1.5 | 9.0 | 20.0 | 0.4 | 0 | 100, 110, 120 |",
        "",
        "One client of queries, without and with clients that upload images:",
        "",
        "- without uploads: p50 1.0 ms, p99 2.0 ms",
        "- with uploads: p50 1.0 ms, p99 2.0 ms",
        "- uploads: 5 answered with 200 and 1 otherwise, p50 1.0 ms",
        "- qdrant: not measured, it is too slow",
    ]
