"""The terms of a condition select the rows that the condition itself selects."""

import operator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.databases.filter_terms import Comparison, Joined, Membership, Missing, Term
from galsearch.query.where.condition import Condition
from galsearch.query.where.where_terms import where_terms

COLUMNS = {"z": "double", "mag": "float", "n": "int64", "kind": "string", "bar": "bool"}
N = 60
generator = np.random.default_rng(3)


def with_missing(values: Any, kind: pa.DataType) -> pa.Array:
    return pa.array(values, kind, mask=generator.random(N) < 0.2)


TABLE = pa.record_batch(
    {
        "z": with_missing(generator.integers(0, 5, N) / 10, pa.float64()),
        "mag": with_missing(np.float32(generator.integers(0, 5, N) / 10), pa.float32()),
        "n": with_missing(generator.integers(-1, 4, N), pa.int64()),
        "kind": with_missing(generator.choice(["BGS", "LRG", "it's"], N), pa.string()),
        "bar": with_missing(generator.random(N) < 0.5, pa.bool_()),
    }
)
OPERATORS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def fulfils(term: Term, row: dict[str, Any]) -> bool:
    """The slow and obvious meaning of a term."""
    if isinstance(term, Joined):
        parts = [fulfils(each, row) for each in term.terms]
        return all(parts) if term.word == "and" else any(parts)
    value = row[term.column]
    if isinstance(term, Missing):
        return (value is None) == term.missing
    if value is None:
        return False
    if isinstance(term, Membership):
        return (value in term.values) == term.inside
    assert isinstance(term, Comparison)
    return bool(OPERATORS[term.operator](value, term.value))


def numbers(column: str) -> st.SearchStrategy[str]:
    values = {
        "z": ["0.2", "0.1", "3", "-1", "0.25"],
        "mag": ["0.2", "0.30", "0.1", "2"],
        "n": ["1", "2", "-1", "'2'"],
    }
    return st.sampled_from(values[column])


signs = st.sampled_from(list(OPERATORS))
comparisons = st.one_of(
    *[
        st.builds(lambda c, s, v: f"{c} {s} {v}", st.just(column), signs, numbers(column))
        for column in ("z", "mag", "n")
    ],
    st.builds(lambda s, v: f"{v} {s} z", signs, numbers("z")),
    st.builds(lambda a, b: f"{a} < z <= {b}", numbers("z"), numbers("z")),
    st.builds(lambda s, v: f"n {s} {v}", st.sampled_from(["<", "<=", ">", ">="]), st.just("1.5")),
    st.builds(lambda s: f'kind {s} "it\'s"', signs),
    st.sampled_from(
        [
            "kind in ('BGS', 'LRG')",
            "kind not in ('BGS',)",
            "n in (1, 2, 9)",
            "z in (0.1, 0.2)",
            "mag not in (0.1, 0.2)",
            "z is None",
            "kind is not None",
            "bar",
            "bar == False",
            "True != bar",
            "bar in (True,)",
            "n == True",
        ]
    ),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a}) and ({b})", inner, inner),
        st.builds(lambda a, b: f"({a}) or ({b})", inner, inner),
        st.builds(lambda a: f"not ({a})", inner),
    ),
    max_leaves=5,
)


@given(conditions)
def test_terms_mean_what_the_condition_means(text: str) -> None:
    wanted = Condition(text, list(COLUMNS)).rows(TABLE)
    term = where_terms(text, COLUMNS)
    assert [fulfils(term, row) for row in TABLE.to_pylist()] == wanted.tolist()


@pytest.mark.parametrize(
    "text",
    [
        *("z + 1 < 2", "-z < 1", "z < mag", "z in (mag, 1)", "1 < 2"),
        *("n == 1.5", "n in (1.5,)", "bar < True"),
    ],
)
def test_what_a_database_cannot_compare_is_refused(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        where_terms(text, COLUMNS)
    part = "'z in (mag, 1)'" if "mag, 1" in text else repr(text)
    assert str(caught.value) == (
        f"where {text!r}: {part} is more than a vector database can compare: a column with a value "
        "of its kind, or with several after `in`."
    )


@pytest.mark.parametrize("text", ["redshift < 1", "z <", "kind < 3", "z"])
def test_what_is_no_condition_is_refused_as_by_an_index(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        where_terms(text, COLUMNS)
    with pytest.raises(QueryError) as wanted:
        Condition(text, list(COLUMNS)).check_types(TABLE.schema)
    assert str(caught.value) == str(wanted.value)
