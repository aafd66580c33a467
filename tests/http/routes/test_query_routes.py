"""Queries over HTTP give what the library gives, in the same words."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from starlette.testclient import TestClient

from galsearch.formats import TableFormat
from galsearch.query import open_index


def test_an_answer_has_the_neighbours_of_the_library(
    service: TestClient, toy_index: Path, some_id: str
) -> None:
    expected = open_index(toy_index).query(some_id, using="image", among="spectrum", k=4)
    fields = {"target_id": some_id, "using": "image", "among": "spectrum", "k": 4}
    got = service.get("/v1/query", params=fields)
    assert got.status_code == 200
    assert got.headers["content-type"] == "application/json"
    answer = got.json()
    assert [one["target_id"] for one in answer["neighbours"]] == [str(i) for i in expected]
    np.testing.assert_allclose(
        [one["similarity"] for one in answer["neighbours"]], expected.similarity, rtol=1e-6
    )
    assert [one["rank"] for one in answer["neighbours"]] == [1, 2, 3, 4]
    assert answer["query"]["target_id"] == some_id
    assert (answer["index"], answer["using"], answer["among"]) == ("toy", "image", "spectrum")
    assert (answer["k"], answer["offset"], answer["notes"]) == (4, 0, [])
    posted = service.post("/v1/query", json=fields).json()
    assert {**posted, "seconds": 0} == {**answer, "seconds": 0}


def test_unknown_redshifts_are_null_and_counted(service: TestClient, served_sky: Any) -> None:
    unknown = str(served_sky.ids[5])
    answer = service.get("/v1/query", params={"target_id": unknown, "k": 100}).json()
    assert answer["query"]["z"] is None
    without = sum(one["z"] is None for one in answer["neighbours"])
    counted = [item for item in answer["facets"]["z"] if item["from"] is None]
    assert counted == [{"from": None, "to": None, "count": without}]
    fields = {"target_id": unknown, "k": 1, "facets": "false"}
    assert service.get("/v1/query", params=fields).json()["facets"] is None


def test_pages_follow_each_other(service: TestClient, some_id: str) -> None:
    def ids(**fields: Any) -> list[str]:
        answer = service.get("/v1/query", params={"target_id": some_id, **fields}).json()
        return [one["target_id"] for one in answer["neighbours"]]

    assert ids(k=3, page=1) + ids(k=3, page=2) == ids(k=6)
    assert ids(k=3, page=2) == ids(k=3, offset=3)
    both = service.get("/v1/query", params={"target_id": some_id, "page": 2, "offset": 1})
    assert both.json()["message"] == ("the query has a page and an offset; expected one of them.")


def test_a_position_and_a_designation_find_their_galaxy(
    service: TestClient, served_sky: Any
) -> None:
    answer = service.get("/v1/query", params={"position": "7.0002 0.0", "k": 1}).json()
    assert answer["query"]["target_id"] == str(served_sky.ids[7])
    assert answer["query"]["separation_arcsec"] == pytest.approx(0.72, abs=0.01)
    named = service.get("/v1/query", params={"name": "DESI J007.0002+00.0000", "k": 1}).json()
    assert named["query"]["target_id"] == str(served_sky.ids[7])
    assert named["query"]["name"] == "DESI J007.0002+00.0000"
    unknown = service.get("/v1/query", params={"name": "NGC 5194"})
    assert unknown.status_code == 404
    assert unknown.json()["message"] == (
        "'NGC 5194' holds no position, and this service looks up no other names."
    )


def test_examples_a_vector_and_a_list_of_galaxies(service: TestClient, served_sky: Any) -> None:
    like, unlike = [str(i) for i in served_sky.ids[:2]], [str(served_sky.ids[100])]
    answer = service.get("/v1/query", params={"like": ",".join(like), "unlike": unlike[0]}).json()
    assert answer["query"] == {"target_id": None, "like": like, "unlike": unlike}
    assert not {one["target_id"] for one in answer["neighbours"]} & {*like, *unlike}
    body = {
        "vector": served_sky.image[3].tolist(),
        "fingerprint": "a" * 64,
        "using": "image",
        "ids": [str(i) for i in served_sky.ids[:10]],
        "k": 3,
    }
    found = service.post("/v1/query", json=body).json()
    assert found["neighbours"][0]["target_id"] == str(served_sky.ids[3])
    assert found["query"] == {"target_id": None}
    other = service.post("/v1/query", json={**body, "fingerprint": "b" * 64})
    assert (other.status_code, other.json()["code"]) == (400, "encoder-mismatch")


def test_conditions_choose_the_neighbours(service: TestClient, some_id: str) -> None:
    answer = service.get(
        "/v1/query", params={"target_id": some_id, "where": "z < 0.3", "within": "0,0,3000"}
    ).json()
    assert answer["neighbours"]
    assert all(one["z"] < 0.3 for one in answer["neighbours"])
    malformed = service.get("/v1/query", params={"target_id": some_id, "where": "z <"})
    assert (malformed.status_code, malformed.json()["code"]) == (400, "bad-query")
    assert malformed.json()["remedy"] == "Correct the field that the message names."


@pytest.mark.parametrize("table_format", TableFormat)
def test_a_result_is_a_file_in_every_format(
    service: TestClient, some_id: str, table_format: TableFormat
) -> None:
    fields = {"target_id": some_id, "k": 5, "format": table_format.value}
    answer = service.get("/v1/query", params=fields)
    assert answer.status_code == 200
    ending = "vot" if table_format is TableFormat.VOTABLE else table_format.value
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="galsearch-toy-{some_id}.{ending}"'
    )
    assert _ids(answer.content, table_format) == [
        int(one["target_id"])
        for one in service.get("/v1/query", params={**fields, "format": "json"}).json()[
            "neighbours"
        ]
    ]
    media_type = answer.headers["content-type"].split(";")[0]
    fields.pop("format")
    by_header = service.get("/v1/query", params=fields, headers={"Accept": media_type})
    assert by_header.headers["content-disposition"] == answer.headers["content-disposition"]
    posted = service.post(
        "/v1/query", params={"format": table_format.value}, json={"target_id": some_id, "k": 5}
    )
    assert posted.headers["content-disposition"] == answer.headers["content-disposition"]


def _ids(content: bytes, table_format: TableFormat) -> list[int]:
    """TARGETIDs of a file of neighbours, by readers of others."""
    if table_format is TableFormat.PARQUET:
        return pq.read_table(io.BytesIO(content))["target_id"].to_pylist()
    if table_format is TableFormat.JSONL:
        return [int(json.loads(line)["target_id"]) for line in content.splitlines()]
    names = {TableFormat.CSV: "ascii.csv", TableFormat.ECSV: "ascii.ecsv"}
    return Table.read(io.BytesIO(content), format=names.get(table_format, table_format.value))[
        "target_id"
    ].tolist()
