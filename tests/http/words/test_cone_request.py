"""Parameters of a cone search."""

import pytest

from galsearch.core.errors import QueryError
from galsearch.http.words.cone_request import cone_request


def test_a_right_ascension_is_brought_into_its_circle() -> None:
    wanted = cone_request({"RA": "-10", "DEC": "2", "SR": "0", "MAXREC": "7", "VERB": "1"})
    assert wanted == (350.0, 2.0, 0.0, 1, 7)


@pytest.mark.parametrize("text", ["", "x", "inf", "nan", "400", "1e400"])
def test_what_is_no_angle_is_refused(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        cone_request({"RA": text, "DEC": "0", "SR": "1"})
    assert str(caught.value) == f"RA is {text!r}; expected a number of -360 to 360 degrees."
