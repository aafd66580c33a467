"""The JSON of an answer."""

import json
from pathlib import Path

import pyarrow as pa

from galsearch.core.target_id import TargetId
from galsearch.http.answers.query_answer import Answered, facets_json, query_answers
from galsearch.http.state.served_index import ServedIndexes
from galsearch.http.state.service_settings import ServiceSettings
from galsearch.query.results.facets import count_facets


def test_facets_are_values_and_bins() -> None:
    rows = pa.table({"z": [0.1, 0.17, None], "spectype": ["GALAXY", None, "GALAXY"]})
    assert facets_json(count_facets([rows])) == {
        "spectype": [{"value": "GALAXY", "count": 2}, {"value": None, "count": 1}],
        "z": [
            {"from": 0.1, "to": 0.11, "count": 1},
            *({"from": n / 100, "to": (n + 1) / 100, "count": 0} for n in range(11, 17)),
            {"from": 0.17, "to": 0.18, "count": 1},
            {"from": None, "to": None, "count": 1},
        ],
    }


def test_an_uploaded_file_is_named_by_its_modality(toy_index: Path, some_id: str) -> None:
    served = ServedIndexes(ServiceSettings({"toy": toy_index})).get(None)
    neighbours = served.engine.query(some_id, k=2)
    words = {"k": 2, "offset": 0}
    (text,) = query_answers(served, [Answered(neighbours, words, False, "image")], 0.1)
    answer = json.loads(text)
    assert answer["query"]["modality"] == "image"
    assert answer["seconds"] == 0.1
    assert "query_target_id" not in answer["neighbours"][0]


def test_the_answers_of_one_search_are_those_of_many(toy_index: Path, some_id: str) -> None:
    served = ServedIndexes(ServiceSettings({"toy": toy_index})).get(None)
    words = {"k": 4, "offset": 0}
    few = {"k": 0, "offset": 0}
    found = [
        Answered(served.engine.query(some_id, k=4), words, True),
        Answered(served.engine.query(some_id, k=4, where="z > 1e9"), few, True),
        Answered(served.engine.query(like=[some_id], k=4), {**words, "like": [some_id]}, False),
        Answered(served.engine.query(some_id, k=4, among="spectrum"), words, True),
    ]
    alone = [query_answers(served, [one], 0.5)[0] for one in found]
    assert query_answers(served, found, 0.5) == alone
    assert json.loads(alone[1])["neighbours"] == []
    assert json.loads(alone[2])["query"] == {"target_id": None, "like": [some_id]}


def test_neighbours_are_the_rows_of_the_catalogue_with_rank_and_similarity(
    toy_index: Path, some_id: str
) -> None:
    served = ServedIndexes(ServiceSettings({"toy": toy_index})).get(None)
    neighbours = served.engine.query(some_id, k=3)
    words = {"k": 3, "offset": 0}
    (text,) = query_answers(served, [Answered(neighbours, words, False)], 0.5)
    answer = json.loads(text)
    rows = [json.loads(served.row(target_id)) for target_id in neighbours]
    assert [list(one) for one in answer["neighbours"]] == [
        ["rank", "similarity", *row] for row in rows
    ]
    assert answer["neighbours"] == [
        {"rank": rank, "similarity": float(str(similarity)), **row}
        for rank, (similarity, row) in enumerate(zip(neighbours.similarity, rows, strict=True), 1)
    ]
    assert answer["query"] == json.loads(served.row(TargetId(some_id)))
