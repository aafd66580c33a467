"""Counts and durations of requests, in the text format that Prometheus reads."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class Measurements:
    """The measurements of one process of the service.

    Where `PROMETHEUS_MULTIPROC_DIR` names a directory, as `galsearch serve` sees to when it has
    several processes, those of all of them are added up.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "galsearch_request_seconds",
            "Duration of requests in seconds.",
            ("route", "status"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._in_progress = Gauge(
            "galsearch_requests_in_progress",
            "Requests that are being answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._refused = Counter(
            "galsearch_requests_refused_total",
            "Requests that were refused because too many others were being answered.",
            registry=self._registry,
        )

    def begin(self) -> None:
        """Count a request that has arrived."""
        self._in_progress.inc()

    def end(self, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered, under the pattern of its path."""
        self._in_progress.dec()
        self._seconds.labels(route, str(status)).observe(seconds)
        if status == 429:
            self._refused.inc()

    def text(self) -> bytes:
        """All measurements in the format of Prometheus."""
        registry = self._registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
