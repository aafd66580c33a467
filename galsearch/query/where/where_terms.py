"""Conditions as terms that a vector database understands: columns compared with values."""

import ast
import math
from collections.abc import Mapping
from decimal import Decimal

import numpy as np
import pyarrow as pa

from galsearch.core.errors import QueryError
from galsearch.databases.filter_terms import Comparison, Joined, Membership, Missing, Term, Value
from galsearch.query.where.column_values import Values
from galsearch.query.where.condition import Condition
from galsearch.query.where.condition_text import shown
from galsearch.query.where.expression import Expression

_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
_TYPES = {
    "double": pa.float64(),
    "float": pa.float32(),
    "int64": pa.int64(),
    "string": pa.string(),
    "bool": pa.bool_(),
}


def where_terms(text: str, columns: Mapping[str, str]) -> Term:
    """The terms of a condition; `not` is applied to each of them.

    Parameters
    ----------
    text
        The condition; see `galsearch.query.where`.
    columns
        Arrow types of the columns, by name.

    Raises
    ------
    QueryError
        Where the text is not a condition on these columns, or calculates with columns, or compares
        columns with each other, which a vector database cannot do.

    Examples
    --------
    >>> where_terms("0.1 < z and not n_arms == 2", {"z": "double", "n_arms": "int64"})
    Joined(word='and', terms=(Comparison(column='z', operator='>', value=0.1),
    Comparison(column='n_arms', operator='!=', value=2)))
    """
    condition = Condition(text, list(columns))
    condition.check_types(pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()]))
    return _Translation(Expression(text, list(columns)), columns).term(negated=False)


class _Translation:
    """The terms of one condition, whose columns and types have been checked."""

    def __init__(self, expression: Expression, columns: Mapping[str, str]) -> None:
        self._expression = expression
        self._columns = columns

    def term(self, *, negated: bool) -> Term:
        return self._term(self._expression.tree, negated)

    def _term(self, node: ast.expr, negated: bool) -> Term:
        if isinstance(node, ast.BoolOp):
            is_or = isinstance(node.op, ast.Or)
            terms = tuple(self._term(value, negated) for value in node.values)
            return Joined("or" if is_or != negated else "and", terms)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self._term(node.operand, not negated)
        if isinstance(node, ast.Compare):
            return self._chain(node, negated)
        name = self._column(node)
        if name is None:
            raise self._refusal(node)
        return Comparison(name, "==", not negated)

    def _chain(self, node: ast.Compare, negated: bool) -> Term:
        """The term of a comparison, or of a chain such as `0.1 < z < 0.3`."""
        terms = []
        left = node.left
        for kind, right in zip(node.ops, node.comparators, strict=True):
            terms.append(self._comparison(node, left, kind, right, negated))
            left = right
        return terms[0] if len(terms) == 1 else Joined("or" if negated else "and", tuple(terms))

    def _comparison(
        self, node: ast.expr, left: ast.expr, kind: ast.cmpop, right: ast.expr, negated: bool
    ) -> Term:
        if isinstance(kind, (ast.In, ast.NotIn)):
            return self._membership(node, left, right, inside=isinstance(kind, ast.In) != negated)
        name, value = self._column(left), right
        if name is None:
            name, value = self._column(right), left
        if name is None:
            raise self._refusal(node)
        if isinstance(value, ast.Constant) and value.value is None:
            return Missing(name, isinstance(kind, (ast.Is, ast.Eq)) != negated)
        literal = self._expression.literal(value)
        sign = _SIGNS.get(type(kind))
        if literal is None or sign is None:
            raise self._refusal(node)
        if value is left:
            sign = _FLIPPED[sign]
        return self._with_value(node, name, _OPPOSITE[sign] if negated else sign, literal)

    def _with_value(self, node: ast.expr, name: str, sign: str, literal: Values) -> Term:
        value = self._value(name, literal)
        kind = self._columns[name]
        if kind == "bool" and not (isinstance(value, bool) and sign in {"==", "!="}):
            raise self._refusal(node)
        if kind == "int64" and isinstance(value, float):
            if sign in {"==", "!="} or not math.isfinite(value):
                raise self._refusal(node)
            up = sign in {">", ">="}
            sign, value = (">=", math.ceil(value)) if up else ("<=", math.floor(value))
        return Comparison(name, sign, value)

    def _membership(self, node: ast.expr, left: ast.expr, right: ast.expr, *, inside: bool) -> Term:
        name = self._column(left)
        literals, others = self._expression.listed(right)
        if name is None or others or not literals:
            raise self._refusal(node)
        values = tuple(self._value(name, literal) for literal in literals)
        if self._columns[name] in {"double", "float"}:
            # Databases compare floats by their order alone.
            sign, word = ("==", "or") if inside else ("!=", "and")
            return Joined(word, tuple(Comparison(name, sign, value) for value in values))
        wanted = bool if self._columns[name] == "bool" else (int, str)
        if not all(isinstance(value, wanted) for value in values):
            raise self._refusal(node)
        return Membership(name, values, inside)

    def _value(self, name: str, literal: Values) -> Value:
        """A literal in the type of the column; a float beside whole numbers where it is none."""
        text = literal.literal or ""
        kind = self._columns[name]
        value = literal.data[0]
        value = value.as_py() if isinstance(value, pa.Scalar) else value
        value = value.item() if isinstance(value, np.generic) else value
        if kind == "string":
            return str(value)
        if kind == "bool":
            return bool(value) if value in (0, 1) else int(value)
        if kind == "int64":
            number = Decimal(text) if isinstance(value, str) else Decimal(value)
            return int(number) if number == number.to_integral_value() else float(number)
        if kind == "float":
            single = np.float32(value)
            return float(single) if Decimal(str(single)) == Decimal(text) else float(value)
        return float(value)

    def _column(self, node: ast.expr) -> str | None:
        """The column that a part of the condition is; None where it is another thing."""
        if isinstance(node, ast.Name):
            return self._expression.column_name(node.id)
        if isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
            return self._expression.column_name(str(node.args[0].value))
        return None

    def _refusal(self, node: ast.expr) -> QueryError:
        part = shown(self._expression.written(node))
        return QueryError(
            f"{self._expression.shown}: {part} is more than a vector database can compare: a "
            "column with a value of its kind, or with several after `in`."
        )
