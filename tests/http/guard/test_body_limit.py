"""Bodies that are too large, or that never arrive."""

import asyncio
import dataclasses
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from galsearch.http import create_app
from galsearch.http.guard.body_limit import BodyLimit
from galsearch.http.refusals.refusal import Refusal
from galsearch.http.state.service_settings import Limits, ServiceSettings

JSON = {"Content-Type": "application/json"}


def test_a_large_body_is_refused_before_it_is_read(toy_settings: ServiceSettings) -> None:
    settings = dataclasses.replace(toy_settings, limits=Limits(body_bytes=1000))

    def parts() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 100

    with TestClient(create_app(settings)) as client:
        stated = client.post("/v1/query", content=b" " * 1001, headers=JSON)
        assert stated.status_code == 413
        assert stated.json()["message"] == (
            "the body of the request has 1,001 bytes; the service reads 1,000 bytes."
        )
        streamed = client.post("/v1/query", content=parts(), headers=JSON)
        assert streamed.status_code == 413
        assert streamed.json()["message"] == (
            "the body of the request has more; the service reads 1,000 bytes."
        )
        assert client.post("/v1/query", json={"target_id": "5"}).status_code == 404


def test_a_body_that_does_not_arrive_is_refused() -> None:
    async def never() -> dict[str, object]:
        await asyncio.sleep(60)
        return {}

    async def reads(scope: object, receive: object, send: object) -> None:
        await receive()  # type: ignore[operator]

    async def scenario() -> None:
        limit = BodyLimit(reads, n_bytes=10, seconds=0.01)  # type: ignore[arg-type]
        scope = {"type": "http", "method": "POST", "headers": [], "request_id": "1"}
        await limit(scope, never, never)  # type: ignore[arg-type]

    with pytest.raises(Refusal) as caught:
        asyncio.run(scenario())
    assert caught.value.status_code == 408
    assert caught.value.message == "the body of the request did not arrive in 0.01 s."
