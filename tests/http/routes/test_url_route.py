"""Routes that read a model of the URL at once answer as those that FastAPI reads."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.testclient import TestClient

from galsearch.http.routes.url_route import UrlRoute
from galsearch.http.words.query_request import QueryFields


async def shown(request: Request, fields: Annotated[QueryFields, Query()]) -> Response:
    return JSONResponse(repr(fields))


async def of_path(request: Request, number: int) -> Response:
    return JSONResponse(number)


@pytest.fixture(scope="module")
def clients() -> tuple[TestClient, TestClient]:
    """A client of a route of ours, and one of FastAPI's own."""
    apps = []
    for router in (APIRouter(route_class=UrlRoute), APIRouter()):
        router.get("/shown")(shown)
        router.get("/number/{number}")(of_path)
        apps.append(FastAPI())
        apps[-1].include_router(router)
    return TestClient(apps[0]), TestClient(apps[1])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "target_id=5&k=3&exact=true&facets=false&radius=2.5&where=z%20%3C%20%2B1",
        "target_id=39627848784286003&among=both&using=spectrum",
        "k=1&k=2",
        "k=&name=&index=",
        "k=1.5",
        "k=x&radius=y&among=radio",
        "unknown=1&k=2",
        "exact=perhaps",
        "name=%ff%00%ed%a0%80",
        "min_similarity=nan&diversity=inf",
    ],
)
def test_fields_and_errors_are_those_of_fastapi(
    clients: tuple[TestClient, TestClient], query: str
) -> None:
    ours, theirs = (client.get(f"/shown?{query}") for client in clients)
    assert (ours.status_code, located(ours)) == (theirs.status_code, located(theirs))


def located(answer: Any) -> Any:
    """An answer, of whose errors the inputs are left out."""
    table = answer.json()
    if answer.status_code == 200:
        return table
    return [(item["loc"], item["type"], item["msg"]) for item in table["detail"]]


def test_other_routes_and_the_document_are_those_of_fastapi(
    clients: tuple[TestClient, TestClient],
) -> None:
    ours, theirs = clients
    assert ours.get("/number/5").json() == 5
    assert ours.get("/openapi.json").json() == theirs.get("/openapi.json").json()
