"""Descriptions of fields are those of `Query`."""

import inspect

from galsearch.http.words.word_descriptions import query_words
from galsearch.query import Query


def test_every_argument_of_a_query_has_its_description() -> None:
    arguments = set(inspect.signature(Query).parameters)
    assert set(query_words()) == arguments
    assert all(text.endswith(".") for text in query_words().values())
    assert query_words()["like"] == query_words()["unlike"]
