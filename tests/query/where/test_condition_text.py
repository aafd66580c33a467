"""Parsing of conditions, with column names as they were written."""

import pytest

from galsearch.core.errors import QueryError
from galsearch.query.where.condition_text import ConditionText, resolve_name


def test_parts_are_quoted_as_they_were_written() -> None:
    parsed = ConditionText("class ==\n'class' and µ_r < 1", ["class", "µ_r"])
    assert parsed.written(parsed.tree) == "class == 'class' and µ_r < 1"


@pytest.mark.parametrize("text", ["", " ", "z < 1) or (z > 2", "(z", "'a", "z < 1" * 300_000])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(QueryError):
        ConditionText(text, ["z"])


def test_ambiguous_letters_name_no_column() -> None:
    assert resolve_name("K", ["\u212a", "k"]) == "\u212a"
    assert resolve_name("fi", ["ﬁ", "\uff46i"]) is None
