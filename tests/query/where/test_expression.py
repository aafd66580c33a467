"""Words and literals of a condition: the columns and values that they mean."""

import ast

import pytest

from galsearch.core.errors import QueryError
from galsearch.query.where.column_values import ConditionProblem, Kind
from galsearch.query.where.expression import Expression, unknown_column

NAMES = ["z", "mag_r", "class", "flux g"]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("-1_000", Kind.WHOLE, -1000),
        ("+0.5", Kind.FLOAT, 0.5),
        ("'BGS'", Kind.TEXT, "BGS"),
        ("True", Kind.TRUTH, True),
    ],
)
def test_a_literal_has_its_value(text: str, kind: Kind, value: object) -> None:
    expression = Expression(text, NAMES)
    literal = expression.literal(expression.tree)
    assert literal is not None
    assert literal.kind is kind
    assert literal.data.tolist() == [value]


@pytest.mark.parametrize("text", ["z", "-z", "-'BGS'", "None"])
def test_anything_else_is_no_literal(text: str) -> None:
    expression = Expression(text, NAMES)
    assert expression.literal(expression.tree) is None


def test_a_list_has_literals_and_other_items() -> None:
    expression = Expression("z in (1, mag_r, 2)", NAMES)
    assert isinstance(expression.tree, ast.Compare)
    literals, others = expression.listed(expression.tree.comparators[0])
    assert [literal.data.tolist() for literal in literals] == [[1], [2]]
    assert [expression.written(item) for item in others] == ["mag_r"]
    with pytest.raises(ConditionProblem, match="needs a list after `in`"):
        expression.listed(expression.tree.left)


def test_a_word_means_a_column_also_where_it_is_a_keyword() -> None:
    expression = Expression("class == 'BGS'", NAMES)
    assert isinstance(expression.tree, ast.Compare)
    assert isinstance(expression.tree.left, ast.Name)
    assert expression.column_name(expression.tree.left.id) == "class"


def test_a_column_that_does_not_exist_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(QueryError) as caught:
        Expression("magr < 19", NAMES).column_name("magr")
    assert str(caught.value) == (
        "where 'magr < 19': the catalogue has no column 'magr': did you mean 'mag_r'?"
    )
    assert unknown_column("flux_g", NAMES).endswith("did you mean column('flux g')?")
    assert unknown_column("x", ["z", "a"]).endswith("there are z, a.")
