"""Fields of requests become arguments of the library, within the limits of the service."""

import inspect
from typing import Any

import pytest
from pydantic import ValidationError

from galsearch.core.errors import QueryError
from galsearch.http.state.service_settings import Limits
from galsearch.http.words.query_request import QueryBody, QueryFields, bounded_ids, cone
from galsearch.query import Query

LIMITS = Limits(rows=100, where_characters=5, examples=2, ids=3, diverse_rows=10)


@pytest.mark.parametrize("kind", [QueryFields, QueryBody])
def test_every_word_is_an_argument_of_a_query_and_none_is_a_path(kind: Any) -> None:
    words = kind(target_id="5").words(LIMITS)
    words["target_ids"] = words.pop("target_id")
    arguments = set(inspect.signature(Query).parameters)
    assert set(words) <= arguments
    paths = {"image", "spectrum", "names", "from_embeddings", "encoder", "pixel_scale", "air"}
    url_only = {"vector", "fingerprint", "ids"} if kind is QueryFields else set()
    assert arguments - set(words) == paths | url_only


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"k": 101}, "k + offset is 101; the service finds 100 galaxies at most."),
        ({"k": 60, "offset": 41}, "k + offset is 101; the service finds 100 galaxies at most."),
        (
            {"k": 11, "diversity": 0.5},
            "k + offset is 11; the service finds 10 galaxies at most beside diversity.",
        ),
        ({"k": 60, "page": 3}, "k + offset is 180; the service finds 100 galaxies at most."),
        ({"page": 0}, "page is 0; expected a whole number, 1 or more."),
        ({"where": "z < 0.3"}, "where has 7 characters; the service reads 5."),
        ({"like": "1,2,3"}, "like has 3 TARGETIDs; the service reads 2."),
        (
            {"within": "1,2,x"},
            "within is '1,2,x'; expected three numbers between commas: right ascension and "
            "declination in degrees, radius in arcminutes.",
        ),
    ],
)
def test_what_is_beyond_a_limit_is_one_error(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as caught:
        QueryFields(**fields).words(LIMITS)
    assert str(caught.value) == message


def test_all_similar_galaxies_are_as_many_as_the_service_gives() -> None:
    assert QueryFields(min_similarity=0.5).words(LIMITS)["k"] == 100
    assert QueryFields().words(LIMITS)["k"] == 10
    assert QueryFields(k=0).words(LIMITS)["k"] == 0
    assert QueryFields(k=20, page=3).words(LIMITS)["offset"] == 40


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError):
        QueryBody(image="/etc/passwd")  # type: ignore[call-arg]


def test_long_queries_are_told_from_quick_ones() -> None:
    assert not QueryFields(target_id="5", k=50).is_slow()
    assert QueryFields(target_id="5", exact=True).is_slow()
    assert QueryBody(target_id="5", where="z < 1").is_slow()


def test_lists_and_cones() -> None:
    assert QueryFields(like="1, 2").words(LIMITS)["like"] == ["1", "2"]
    assert bounded_ids(None, "ids", 3) is None
    assert cone(None) is None
