"""Answers to requests that pass by the router are those that come through it, byte by byte."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from galsearch.http import create_app
from galsearch.http.routes.direct_routes import DirectRoutes
from galsearch.http.state.service_settings import Limits, ServiceSettings

QUERIES = (
    "target_id={id}",
    "target_id={id}&k=3&facets=false",
    "target_id={id}&k=200&among=spectrum&using=image",
    "target_id={id}&k=5&offset=3&exact=true",
    "target_id={id}&page=2&k=4",
    "target_id={id}&where=z%20%3C%200.3%20and%20mag_r%20%3C%2B19",
    "target_id={id}&where=nothing%20%3E%201",
    "target_id={id}&min_similarity=0.2&diversity=0.5&k=7",
    "target_id={id}&one_per=target_id",
    "target_id={id}&exclude_within=5",
    "target_id={id}&index=toy",
    "target_id={id}&index=none",
    *("target_id={id}&format=" + name for name in ("json", "jsonl", "csv", "votable", "ecsv", "x")),
    "target_id={id}&k=10001",
    "target_id={id}&k=0",
    "target_id={id}&k=x&unknown=1&unknown=2",
    "target_id={id}&target_id=5",
    "like={id},{id}&k=3",
    "like=,&k=3",
    "position=150.1%202.2&radius=1e9",
    "within=1,2&target_id={id}",
    "target_id=-5",
    "target_id=0x5",
    "target_id=77",
    "target_id={id}&position=1%202",
    "name=%ff%00",
    "",
)


@pytest.fixture(scope="module")
def clients(toy_settings: ServiceSettings) -> Iterator[tuple[TestClient, TestClient]]:
    """A client of the service, and one of a service without direct routes."""
    direct, ordinary = create_app(toy_settings), create_app(toy_settings)
    ordinary.user_middleware = [
        one for one in ordinary.user_middleware if one.cls is not DirectRoutes
    ]
    with TestClient(direct) as first, TestClient(ordinary) as second:
        yield first, second


def seen(answer: Any) -> Any:
    """An answer without its duration and its id."""
    content = re.sub(rb'"(seconds|request_id)": ?("[^"]*"|[^,}]*)', b"", answer.content)
    headers = [
        pair
        for pair in answer.headers.multi_items()
        if pair[0] not in ("x-request-id", "content-length")
    ]
    return answer.status_code, headers, content


@pytest.mark.parametrize("query", QUERIES)
def test_answers_and_errors_are_those_of_the_router(
    clients: tuple[TestClient, TestClient], some_id: str, query: str
) -> None:
    path = "/v1/query?" + query.format(id=some_id)
    direct, ordinary = (seen(client.get(path)) for client in clients)
    assert direct == ordinary


def test_other_methods_and_paths_and_headers_are_those_of_the_router(
    clients: tuple[TestClient, TestClient], some_id: str
) -> None:
    for method in ("HEAD", "OPTIONS", "DELETE", "POST"):
        direct, ordinary = (seen(one.request(method, "/v1/query")) for one in clients)
        assert direct == ordinary
    for path in ("/v1/query/", "/v1/Query", "/v1/estimate", "/v1/estimate?target_id=5&property=z"):
        direct, ordinary = (seen(one.get(path)) for one in clients)
        assert direct == ordinary
    for accept in ("text/csv", "application/x-votable+xml;q=1", "x" * 900):
        path, headers = f"/v1/query?target_id={some_id}", {"Accept": accept}
        direct, ordinary = (seen(one.get(path, headers=headers)) for one in clients)
        assert direct == ordinary


def test_requests_are_counted_and_logged_like_others(
    clients: tuple[TestClient, TestClient], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "galsearch.http"):
        for client in clients:
            client.get("/v1/query?target_id=77")
    first, second = (vars(one) for one in caplog.records if one.message == "request")
    names = ("method", "path", "status", "code")
    assert [first[name] for name in names] == ["GET", "/v1/query", 404, "unknown-target"]
    assert [second[name] for name in names] == [first[name] for name in names]
    for client in clients:
        assert 'route="/v1/query",status="404"' in client.get("/metrics").text


def test_limits_and_unforeseen_errors_are_those_of_the_router(
    toy_settings: ServiceSettings, some_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ServiceSettings(
        toy_settings.indexes,
        token="word",  # noqa: S106
        limits=Limits(concurrent_requests=0),
    )
    with TestClient(create_app(settings)) as client:
        path = f"/v1/query?target_id={some_id}"
        assert client.get(path).status_code == 401
        refused = client.get(path, headers={"Authorization": "Bearer word"})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")

    async def fail(_: Request) -> Response:
        raise ZeroDivisionError("a fault")

    with TestClient(create_app(toy_settings)) as client:
        layer: Any = client.app.middleware_stack  # type: ignore[attr-defined]
        while not isinstance(layer, DirectRoutes):
            layer = getattr(layer, "app", None) or layer._app
        route, _ = layer._routes["GET", "/v1/query"]
        monkeypatch.setitem(layer._routes, ("GET", "/v1/query"), (route, fail))
        failed = client.get(path)
        assert (failed.status_code, failed.json()["code"]) == (500, "unexpected")
