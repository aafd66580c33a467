"""The description of the service."""

import datetime
import json
from pathlib import Path

from galsearch.http.answers.describe_answer import describe_answer, plain
from galsearch.http.state.served_index import ServedIndexes
from galsearch.http.state.service_settings import Limits, ServiceSettings


def test_several_indexes_are_described_in_their_order(toy_index: Path) -> None:
    indexes = ServedIndexes(ServiceSettings({"b": toy_index, "a": toy_index}))
    table = json.loads(describe_answer(indexes, Limits()))
    assert [index["name"] for index in table["indexes"]] == ["b", "a"]
    first = table["indexes"][0]
    assert {(one["using"], one["among"]) for one in first["recall"]} == {
        (using, among) for using in ("image", "spectrum") for among in ("image", "spectrum")
    }
    assert first["promised"].startswith("The build aims at a recall of 0.95 for 10 neighbours")


def test_values_are_those_that_json_has() -> None:
    assert plain(datetime.date(2024, 5, 31)) == "2024-05-31"
    assert plain(float("nan")) is None
    assert plain(True) is True
    assert plain(-(2**60)) == str(-(2**60))
