"""Every answer has headers of security and an id, and every request a line in the log."""

import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from galsearch.http.guard.request_record import RequestRecord
from galsearch.http.guard.security_headers import CONTENT_SECURITY_POLICY
from galsearch.http.state.measurements import Measurements


def test_every_answer_has_the_headers_of_security(service: TestClient, some_id: str) -> None:
    for path in ("/health", f"/v1/galaxies/{some_id}", "/v1/galaxies/5", "/nothing", "/v1/query"):
        headers = service.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert len(headers["x-request-id"]) == 16
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_the_log_names_the_path_and_nothing_of_the_query(
    service: TestClient, some_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "galsearch.http"):
        answer = service.get("/v1/query", params={"target_id": some_id, "where": "nothing > 1"})
    (line,) = [record for record in caplog.records if record.message == "request"]
    facts: Any = vars(line)
    assert facts["request_id"] == answer.headers["x-request-id"] == answer.json()["request_id"]
    assert (facts["method"], facts["path"], facts["status"]) == ("GET", "/v1/query", 400)
    assert facts["code"] == "bad-query"
    assert not any(text in str(value) for value in facts.values() for text in (some_id, "nothing"))


def test_an_unexpected_error_tells_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("/secret/path")

    client = TestClient(RequestRecord(fails, Measurements()))  # type: ignore[arg-type]
    answer = client.get("/")
    assert answer.status_code == 500
    assert answer.json()["message"] == "the service failed in a way that was not foreseen."
    assert "secret" not in answer.text
    assert "RuntimeError: /secret/path" in caplog.text
