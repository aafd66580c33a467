"""Measurements in the format of Prometheus."""

from galsearch.http.state.measurements import Measurements


def test_refused_requests_and_those_in_progress_are_counted() -> None:
    measurements = Measurements()
    measurements.begin()
    measurements.begin()
    measurements.end("/v1/query", 429, 0.003)
    text = measurements.text().decode()
    assert "galsearch_requests_in_progress 1.0" in text
    assert "galsearch_requests_refused_total 1.0" in text
    assert 'galsearch_request_seconds_bucket{le="0.005",route="/v1/query",status="429"} 1.0' in text
