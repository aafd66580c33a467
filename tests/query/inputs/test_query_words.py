"""Inputs that belong together, and the words of a query."""

import inspect
import itertools
import typing

import pytest

from galsearch.core.errors import QueryError
from galsearch.query import Query
from galsearch.query.inputs.query_words import QueryWords, check_inputs

INPUTS = ("target_ids", "position", "name", "image", "spectrum", "like", "vector")
TOGETHER = [
    {"image", "position"},
    {"spectrum", "target_ids"},
    {"image", "spectrum"},
    {"image", "spectrum", "position"},
    {"image", "spectrum", "target_ids"},
    {"image", "spectrum", "position", "target_ids"},
]


def test_the_words_are_the_arguments_of_a_query() -> None:
    arguments = inspect.signature(Query).parameters
    assert set(typing.get_type_hints(QueryWords)) == set(arguments) - {"target_ids"}


def test_only_inputs_that_belong_together_are_accepted() -> None:
    for n in range(1, len(INPUTS) + 1):
        for names in itertools.combinations(INPUTS, n):
            given = {**dict.fromkeys(names, 1), "fingerprint": 1 if "vector" in names else None}
            if n == 1 or set(names) in TOGETHER:
                check_inputs(given)
            else:
                with pytest.raises(QueryError, match=r"^a query has one kind of input; found "):
                    check_inputs(given)
