"""Estimates over HTTP are those of the library."""

import io
from pathlib import Path
from typing import Any

import pyarrow.csv
import pytest
from starlette.testclient import TestClient

from galsearch.analysis import estimate


def test_an_estimate_is_that_of_the_library(
    service: TestClient, toy_index: Path, some_id: str
) -> None:
    expected = estimate(some_id, property="z", index=toy_index, using="image", among="spectrum")
    fields = {"target_id": some_id, "property": "z", "using": "image", "among": "spectrum"}
    answer = service.get("/v1/estimate", params=fields).json()
    (one,) = answer["estimates"]
    assert (answer["index"], answer["target_id"], one["property"]) == ("toy", some_id, "z")
    assert one["value"] == expected.columns["z"][0]
    assert (one["low"], one["high_95"]) == (
        expected.columns["z_low_68"][0],
        expected.columns["z_high_95"][0],
    )
    assert one["outside_bank"] is bool(expected.columns["z_outside_bank"][0])
    assert answer["notes"] == list(expected.notes)
    assert service.post("/v1/estimate", json=fields).json() == answer
    csv = service.get("/v1/estimate", params={**fields, "format": "csv"})
    table = pyarrow.csv.read_csv(io.BytesIO(csv.content))
    assert table["z"][0].as_py() == pytest.approx(one["value"])
    assert csv.headers["content-disposition"] == (
        f'attachment; filename="estimate-toy-{some_id}.csv"'
    )


def test_a_galaxy_is_found_by_its_position(service: TestClient, served_sky: Any) -> None:
    answer = service.get("/v1/estimate", params={"position": "7.0001 0", "property": "z"}).json()
    assert answer["target_id"] == str(served_sky.ids[7])


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({}, 400, "an estimate is of one galaxy: a target_id, a position or a name."),
        ({"target_id": "5"}, 404, None),
        ({"target_id": "7", "among": "both"}, 400, None),
        ({"target_id": "7", "k": 1001}, 400, "k is 1,001; the service estimates with 1,000."),
        (
            {"target_id": "7", "property": ",".join("abcdefghijklmnopqrstu")},
            400,
            "property names 21 columns; the service estimates 20 at a time.",
        ),
        (
            {"target_id": "7", "bank_where": "z" * 2001},
            400,
            "bank_where has 2,001 characters; the service reads 2,000.",
        ),
        ({"target_id": "7", "dataset": "/etc"}, 422, None),
    ],
)
def test_what_cannot_be_estimated_is_a_sentence(
    service: TestClient, fields: dict[str, Any], status: int, message: str | None
) -> None:
    answer = service.get("/v1/estimate", params={"property": "z", **fields})
    assert answer.status_code == status
    assert message is None or answer.json()["message"] == message
