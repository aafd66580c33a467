"""Queries of stored galaxies that ask for the same, answered with one search.

A search of many galaxies in one call costs a tenth for each of what a search of one costs.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from galsearch.core.errors import GalsearchError
from galsearch.core.target_id import TargetId
from galsearch.http.answers.query_answer import Answered, query_answers
from galsearch.http.state.served_index import ServedIndex
from galsearch.query.results.neighbours import Neighbours

MOST_JOINED = 64
"""Queries of one search: more would cost each of them hardly less, and would wait longer."""
JOINED_K = 200
"""Largest number of neighbours, skipped ones included, of a query that is joined with others."""
_OTHER_INPUTS = ("position", "name", "like", "unlike", "vector", "ids", "within")


class StoredQuery(NamedTuple):
    """A query of a stored galaxy."""

    served: ServedIndex
    target_id: TargetId
    words: Mapping[str, Any]
    """The arguments of `SearchEngine.query`, with the TARGETID."""
    facets: bool


def is_joined(words: Mapping[str, Any]) -> bool:
    """True for the arguments of a query of a stored galaxy that takes milliseconds."""
    if words["target_id"] is None or words["exclude_within"] is not None:
        return False
    is_alone = any(words.get(name) is not None for name in _OTHER_INPUTS)
    return not is_alone and words["k"] + words["offset"] <= JOINED_K


def answer_stored(queries: Sequence[StoredQuery]) -> list[bytes | Exception]:
    """The JSON text of the answer to each query, or the error that the query caused.

    Queries of one index with the same arguments are searched together. Where one of them causes
    an error or a note, each of them is searched alone, so that the error and the note are its own.
    """
    groups: dict[Any, list[int]] = defaultdict(list)
    for number, query in enumerate(queries):
        same = tuple(value for name, value in query.words.items() if name != "target_id")
        groups[id(query.served), same].append(number)
    answers: list[bytes | Exception] = [b""] * len(queries)
    for numbers in groups.values():
        some = [queries[number] for number in numbers]
        for number, answer in zip(numbers, _answers(some), strict=True):
            answers[number] = answer
    return answers


def _answers(queries: Sequence[StoredQuery]) -> Sequence[bytes | Exception]:
    """The answers to queries of one index with the same arguments."""
    start = time.perf_counter()
    found = _together(queries) if len(queries) > 1 else None
    if found is None:
        return [_alone(query) for query in queries]
    seconds = time.perf_counter() - start
    answered = [
        Answered(neighbours, query.words, query.facets)
        for query, neighbours in zip(queries, found, strict=True)
    ]
    return query_answers(queries[0].served, answered, seconds)


def _together(queries: Sequence[StoredQuery]) -> Sequence[Neighbours] | None:
    """The neighbours of all queries; None where each must be searched alone."""
    ids = np.array([query.target_id for query in queries], np.int64)
    words = {name: value for name, value in queries[0].words.items() if name != "target_id"}
    try:
        found = queries[0].served.engine.query_many(ids, **words)
    except GalsearchError:
        return None
    return None if found.notes else list(found)


def _alone(query: StoredQuery) -> bytes | Exception:
    start = time.perf_counter()
    words = {name: value for name, value in query.words.items() if name != "target_id"}
    try:
        neighbours = query.served.engine.query(query.target_id, **words)
        seconds = time.perf_counter() - start
        answered = Answered(neighbours, query.words, query.facets)
        return query_answers(query.served, [answered], seconds)[0]
    except GalsearchError as error:
        return error
