"""Dates and times as text."""

import pytest

from galsearch.query.where.column_values import ConditionProblem
from galsearch.query.where.instants import instant_ns


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01", 0),
        ("1969-12-31T23:59:59.5", -500_000_000),
        ("1970-01-01T00:00:00.123456789", 123_456_789),
        ("1970-01-01T01:00:00.25+01:00", 250_000_000),
        ("9999-12-31", 2932896 * 86_400 * 10**9),
    ],
)
def test_instants_are_exact_and_in_utc(text: str, ns: int) -> None:
    assert instant_ns(text) == ns


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2020-13-01", "2020-01-01T12.5", "2020-01-01T00:00:00.1234567891"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ConditionProblem):
        instant_ns(text)
