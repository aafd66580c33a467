"""Arithmetic equal to Python's."""

import ast

from galsearch.query.where.arithmetic import arithmetic, negative
from galsearch.query.where.column_values import Kind, constant


def test_quotients_of_large_whole_numbers_are_rounded_once() -> None:
    a, b = 39627848784286003, 3
    found = arithmetic(ast.Div, constant(Kind.WHOLE, a), constant(Kind.WHOLE, b))
    assert found.data[0] == a / b


def test_whole_numbers_of_any_size_are_exact() -> None:
    large = constant(Kind.WHOLE, 2**63 - 1)
    assert arithmetic(ast.Mult, large, large).data[0] == (2**63 - 1) ** 2
    assert negative(constant(Kind.WHOLE, -(2**63))).data[0] == 2**63
