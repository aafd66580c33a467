"""Comparisons across types are exact."""

import ast

from galsearch.query.where.column_values import Kind, constant
from galsearch.query.where.comparisons import compare, is_in


def test_whole_numbers_and_floats_are_compared_exactly() -> None:
    whole, number = constant(Kind.WHOLE, 2**53 + 1), constant(Kind.FLOAT, 2.0**53)
    assert not compare(ast.Eq, whole, number).data[0]
    assert compare(ast.Gt, whole, number).data[0]
    assert not is_in(whole, [number]).data[0]
