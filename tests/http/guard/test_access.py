"""The bearer token, and the bound on requests at a time."""

import asyncio
import dataclasses

import httpx2 as httpx
from starlette.testclient import TestClient

from galsearch.http import create_app
from galsearch.http.guard.access import Access
from galsearch.http.state.service_settings import ServiceSettings

TOKEN = "a-token-of-some-length"  # noqa: S105 (of a test)


def test_requests_need_the_token(toy_settings: ServiceSettings, some_id: str) -> None:
    settings = dataclasses.replace(toy_settings, token=TOKEN)
    with TestClient(create_app(settings)) as client:
        assert client.get("/health").status_code == 200
        for header in ({}, {"Authorization": "Bearer other"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = client.get(f"/v1/galaxies/{some_id}", headers=header)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer realm="galsearch"'
            assert answer.json()["code"] == "no-token"
            assert answer.json()["message"] == (
                "the service answers requests that bear its token; this one does not."
            )
        assert client.get("/metrics").status_code == 401
        assert client.get("/openapi.json").status_code == 401
        header = {"Authorization": f"bearer {TOKEN}"}
        assert client.get(f"/v1/galaxies/{some_id}", headers=header).status_code == 200


def test_too_many_requests_at_a_time_are_told_to_come_again() -> None:
    async def scenario() -> list[int]:
        begun, free = asyncio.Event(), asyncio.Event()

        async def slow(scope: object, receive: object, send: object) -> None:
            begun.set()
            await free.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
            await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

        access = Access(slow, None, 1)

        async def app(scope: dict[str, object], receive: object, send: object) -> None:
            scope["request_id"] = "1"
            await access(scope, receive, send)  # type: ignore[arg-type]

        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            first = asyncio.create_task(client.get("/v1/query"))
            await begun.wait()
            refused = await client.get("/v1/query")
            assert refused.headers["retry-after"] == "1"
            assert refused.json()["message"] == (
                "1 requests are being answered already; the request was not begun."
            )
            free.set()
            return [(await first).status_code, refused.status_code]

    assert asyncio.run(scenario()) == [200, 429]
