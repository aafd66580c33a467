"""The map over HTTP: bounded, kept by the browser until the index changes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from starlette.testclient import TestClient

from galsearch.core.modality import Modality
from galsearch.http import create_app
from galsearch.http.state.service_settings import Limits, ServiceSettings
from tests.http.conftest import N
from tests.index.drawn_map import store_drawn_map


@pytest.fixture
def mapped(toy_index: Path, tmp_path: Path) -> ServiceSettings:
    """A service over an index with an image map."""
    index = Path(copytree(toy_index, tmp_path / "toy"))
    store_drawn_map(index, Modality.IMAGE)
    return ServiceSettings({"toy": index})


@pytest.fixture
def client(mapped: ServiceSettings) -> Iterator[TestClient]:
    with TestClient(create_app(mapped)) as opened:
        yield opened


def head_of(content: bytes) -> dict:
    return json.loads(content[8 : 8 + int.from_bytes(content[4:8], "little")])


def test_the_map_has_every_galaxy(client: TestClient, served_sky) -> None:
    (index,) = client.get("/v1/describe").json()["indexes"]
    assert (index["map"], index["maps"]) == (True, ["image"])
    content = client.get("/v1/map").content
    head = head_of(content)
    assert (head["index"], head["using"], head["galaxies"], head["shown"]) == ("toy", "image", N, N)
    ids = np.frombuffer(content, "<i8", N, len(content) - 13 * N)
    np.testing.assert_array_equal(ids, np.sort(served_sky.ids))
    assert head_of(client.get("/v1/map?column=ra_deg").content)["column"] == "ra_deg"


def test_a_browser_asks_with_the_digest_of_the_build(client: TestClient, mapped) -> None:
    first = client.get("/v1/map")
    etag = first.headers["etag"]
    again = client.get("/v1/map", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/map?column=ra_deg").headers["etag"] != etag
    store_drawn_map(mapped.indexes["toy"], Modality.IMAGE, leave_out=3)
    with TestClient(create_app(mapped)) as other:
        changed = other.get("/v1/map", headers={"If-None-Match": etag})
        assert changed.status_code == 200
        assert head_of(changed.content)["galaxies"] == N - 3


def test_a_map_is_bounded(mapped: ServiceSettings) -> None:
    with TestClient(create_app(replace(mapped, limits=Limits(map_galaxies=50)))) as client:
        head = head_of(client.get("/v1/map").content)
    assert (head["galaxies"], head["shown"]) == (N, 50)


def test_what_is_not_there_is_named(client: TestClient, service: TestClient) -> None:
    answer = client.get("/v1/map?using=spectrum")
    assert answer.status_code == 404
    assert answer.json()["message"] == "index 'toy' has no spectrum map; its maps: image."
    assert service.get("/v1/map").json()["code"] == "no-map"
    assert client.get("/v1/map?using=both").status_code == 422
    answer = client.get("/v1/map?column=mass")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-query")
