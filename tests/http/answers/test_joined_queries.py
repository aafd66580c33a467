"""Joined queries: the answers are those of queries that are searched alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from galsearch.core.errors import GalsearchError
from galsearch.core.target_id import TargetId
from galsearch.http.answers.joined_queries import StoredQuery, answer_stored, is_joined
from galsearch.http.state.served_index import ServedIndex, ServedIndexes
from galsearch.http.state.service_settings import Limits, ServiceSettings
from galsearch.http.words.query_request import QueryFields
from galsearch.query import SearchEngine


@pytest.fixture(scope="module")
def served(toy_index: Path) -> ServedIndex:
    return ServedIndexes(ServiceSettings({"toy": toy_index})).get(None)


def stored(served: ServedIndex, target_id: Any, **fields: Any) -> StoredQuery:
    words = QueryFields(target_id=str(target_id), **fields).words(Limits())
    return StoredQuery(served, TargetId(target_id), words, True)


def plain(answer: bytes | Exception) -> Any:
    """An answer without its time, or its error as text."""
    if isinstance(answer, Exception):
        return repr(answer)
    return {**json.loads(answer), "seconds": None}


def test_answers_and_errors_are_those_of_each_query_alone(
    served: ServedIndex, served_sky: Any
) -> None:
    ids = served_sky.ids
    queries = [
        *(stored(served, ids[i], k=5) for i in range(6)),
        *(stored(served, ids[i], k=3, among="spectrum") for i in range(3)),
        stored(served, 77, k=5),
        stored(served, ids[290], using="spectrum"),
        stored(served, ids[3], using="spectrum"),
        stored(served, ids[4], k=5, offset=2),
    ]
    alone = [plain(answer_stored([query])[0]) for query in queries]
    assert [plain(answer) for answer in answer_stored(queries)] == alone
    errors = [one for one in alone if isinstance(one, str)]
    assert len(errors) == 2
    assert "TARGETID 77" in errors[0]


def test_queries_with_the_same_words_are_one_search(
    served: ServedIndex, served_sky: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    search = SearchEngine.search

    def counted(engine: SearchEngine, query: Any) -> Any:
        calls.append(len(query.target_ids))
        return search(engine, query)

    monkeypatch.setattr(SearchEngine, "search", counted)
    same = [stored(served, i) for i in served_sky.ids[:5]]
    answer_stored([*same, stored(served, served_sky.ids[7], k=2)])
    assert calls == [5, 1]
    calls.clear()
    failed = answer_stored([*same, stored(served, 77)])
    assert calls == [6, 1, 1, 1, 1, 1, 1]
    assert [isinstance(one, GalsearchError) for one in failed] == [False] * 5 + [True]


def test_only_quick_queries_of_stored_galaxies_are_joined() -> None:
    def joined(**fields: Any) -> bool:
        return is_joined(QueryFields(**fields).words(Limits()))

    assert joined(target_id="5")
    assert joined(target_id="5", k=150, offset=50)
    assert not joined(target_id="5", k=150, offset=51)
    assert not joined(target_id="5", exclude_within=3.0)
    assert not joined(target_id="5", within="1,2,3")
    assert not joined(target_id="5", position="1 2")
    assert not joined(position="1 2")
