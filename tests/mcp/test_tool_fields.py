"""The fields of a query are its words, within limits that suit a language model."""

import pytest

pytest.importorskip("mcp")

from galsearch.core.errors import QueryError
from galsearch.mcp.tool_fields import MOST_ROWS, QueryToolFields
from galsearch.query.inputs.query_words import QueryWords


def test_fields_are_words_of_queries() -> None:
    words = QueryToolFields(image="a.fits", pixel_scale=0.3).words()
    assert (words["image"], words["pixel_scale"], words["k"]) == ("a.fits", 0.3, 10)
    assert set(words) <= {*QueryWords.__annotations__, "target_id"}


def test_the_number_of_rows_is_bounded() -> None:
    assert QueryToolFields(target_id="7", k=MOST_ROWS).words()["k"] == MOST_ROWS
    with pytest.raises(QueryError) as error:
        QueryToolFields(target_id="7", k=MOST_ROWS, offset=1).words()
    assert str(error.value) == "k + offset is 201; the service finds 200 galaxies at most."
