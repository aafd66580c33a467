"""Checks of single arguments; those of whole queries are in test_query."""

import pytest

from galsearch.core.errors import QueryError
from galsearch.core.modality import Both, Modality
from galsearch.query.inputs.argument_checks import checked_count, checked_modality, checked_number


def test_a_modality_is_one_or_both() -> None:
    assert checked_modality("both", "using") is Both.BOTH
    assert checked_modality("image", "using") is Modality.IMAGE


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), 3])
def test_a_number_is_within_its_limits(value: object) -> None:
    with pytest.raises(QueryError) as caught:
        checked_number(value, "x", 0, 2)  # type: ignore[arg-type]
    assert str(caught.value) == f"x is {value!r}; expected a number of 0 to 2."


def test_a_count_may_begin_at_zero() -> None:
    assert checked_count(0, "offset", least=0) == 0
