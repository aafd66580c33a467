"""The whole service: its description of itself, and requests that nobody should send."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from galsearch.core.errors import ConfigError, NoIndexError
from galsearch.http import create_app
from galsearch.http.state.service_settings import ServiceSettings

PLACES = ("/etc/passwd", "../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x.fits")


def test_the_document_names_every_path_and_the_words_of_a_query(service: TestClient) -> None:
    document = service.get("/openapi.json").json()
    assert {"/v1/query", "/v1/describe", "/v1/galaxies/{target_id}", "/health", "/metrics"} <= set(
        document["paths"]
    )
    parameters = {one["name"]: one for one in document["paths"]["/v1/query"]["get"]["parameters"]}
    assert parameters["among"]["description"] == (
        "Modality that is searched: image, spectrum or both."
    )
    body = document["components"]["schemas"]["QueryBody"]["properties"]
    assert not {"image", "spectrum", "names", "from_embeddings", "encoder"} & set(body)
    assert service.get("/docs").status_code == 404


@pytest.mark.parametrize("word", ["image", "spectrum", "names", "from_embeddings", "encoder"])
@pytest.mark.parametrize("place", PLACES)
def test_no_path_is_taken_from_a_request(
    service: TestClient, some_id: str, word: str, place: str
) -> None:
    for answer in (
        service.get("/v1/query", params={"target_id": some_id, word: place}),
        service.post("/v1/query", json={"target_id": some_id, word: place}),
    ):
        assert answer.status_code == 422
        assert answer.json()["message"] == (
            f"the request has the field '{word}', which is not known here."
        )


@pytest.mark.parametrize("place", PLACES)
def test_a_path_in_any_other_field_is_refused(
    service: TestClient, some_id: str, place: str
) -> None:
    for name in ("target_id", "position", "name", "index", "using", "among", "one_per", "where"):
        fields: dict[str, Any] = {"target_id": some_id} | {name: place}
        if name in ("position", "name"):
            del fields["target_id"]
        answer = service.get("/v1/query", params=fields)
        assert 400 <= answer.status_code < 500, (name, answer.text)
        assert {"code", "message", "remedy", "request_id"} == set(answer.json())
        assert "root:" not in answer.text
    assert service.get(f"/v1/galaxies/{place}/thumbnail.png").status_code in (400, 404)
    assert service.get(f"/static/{place}").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"k": "10" * 30},
        {"k": "-1"},
        {"k": "1e3"},
        {"k": "10001"},
        {"k": "5", "offset": "9999999999999999999999"},
        {"k": "5", "page": "0"},
        {"radius": "nan", "position": "1 2"},
        {"position": "nan nan"},
        {"position": "1e400 2"},
        {"min_similarity": "inf"},
        {"within": "1,2"},
        {"within": "nan,nan,nan"},
        {"diversity": "2"},
        {"n_probe": "0"},
        {"exclude_within": "-1"},
        {"like": "," * 100},
        {"like": ",".join(map(str, range(1, 1100)))},
        {"where": "z" * 3000},
        {"where": "__import__('os').system('true')"},
        {"where": "9**9**9**9 > z"},
        {"where": "(" * 900 + "z" + ")" * 900},
        {"one_per": "nothing"},
        {"name": "<script>alert(1)</script>"},
        {"name": "a" * 1000},
        {"target_id": "9" * 5000},
        {"target_id": "\x00"},
        {"index": "../toy"},
    ],
)
def test_hostile_fields_are_answered_with_a_sentence(
    service: TestClient, some_id: str, fields: dict[str, str]
) -> None:
    inputs = {"target_id", "position", "like", "name"}
    params = fields if inputs & set(fields) else {"target_id": some_id, **fields}
    answer = service.get("/v1/query", params=params)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["message"].endswith(".")
    assert len(answer.text) < 6000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"target_id": NaN}',
        b'{"target_id": 1e400}',
        b'{"target_id": {"a": 1}}',
        b'{"vector": [NaN], "fingerprint": "' + b"a" * 64 + b'", "using": "image"}',
        b'{"like": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        json.dumps({"vector": [0.0] * 20_000}).encode(),
        b"\xff\xfe\x00",
    ],
)
def test_hostile_bodies_are_answered_with_a_sentence(service: TestClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = service.post("/v1/query", content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["message"].endswith(".")


def test_settings_that_no_service_can_have_are_one_error(tmp_path: Any, toy_index: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        ServiceSettings({})
    assert str(caught.value) == "the service has no index; expected one or more."
    with pytest.raises(ConfigError) as caught:
        ServiceSettings({"toy": toy_index}, datasets={"other": tmp_path})
    assert str(caught.value) == ("a dataset is given for the index 'other'; the service has toy.")
    with pytest.raises(NoIndexError):
        create_app(ServiceSettings({"nothing": tmp_path}))
