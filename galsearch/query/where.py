"""A condition in words, such as `0.1 < z < 0.3 and class == 'BGS'`, as a polars expression.

The text is parsed as Python and read, never run: comparisons, `and`, `or`, `not`, `in`, sums and
products of columns, names and literals. A value that is not known fulfils no comparison.
"""

import ast
import difflib
import io
import keyword
import tokenize
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from galsearch.core.errors import QueryError

_LONGEST_TEXT = 10_000
_KEPT_WORDS = {"and", "or", "not", "in", "is", "True", "False", "None"}
_RENAMED = "column_"
_EXAMPLE = "\"0.1 < z < 0.3 and class == 'BGS'\""

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], pl.Expr]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}
_SUMS: dict[type[ast.operator], Callable[[Any, Any], pl.Expr]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def parse_where(text: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """The condition `text` over columns of `schema`, True or False for every row.

    Raises
    ------
    QueryError
        Where the text is no condition, a column is not known (names the nearest that is), or a
        text is compared with a number.

    Examples
    --------
    >>> table = pl.DataFrame({"z": [0.1, 0.2, None], "class": ["BGS", "LRG", "BGS"]})
    >>> condition = parse_where("z < 0.3 and class == 'BGS'", table.schema)
    >>> table.select(condition).to_series().to_list()
    [True, False, False]
    """
    if len(text) > _LONGEST_TEXT:
        raise QueryError(f"where has {len(text):,} characters; {_LONGEST_TEXT:,} are read.")
    try:
        tree = ast.parse(_free_keywords(text, schema).strip(), mode="eval")
        expression = _Reader(text, schema).condition(tree.body)
    except QueryError:
        raise
    except (SyntaxError, ValueError, MemoryError, RecursionError, tokenize.TokenError):
        raise QueryError(
            f"where {text!r} is not a condition: equality is ==, conditions are joined by and, or, "
            f"not, and texts stand in quotes. Write one such as {_EXAMPLE}."
        ) from None
    return expression.fill_null(value=False)


def _free_keywords(text: str, schema: Mapping[str, pl.DataType]) -> str:
    """The text with columns whose names Python keeps for itself, such as `class`, renamed."""
    tokens = []
    line = " ".join(text.splitlines()).strip()
    for token in tokenize.generate_tokens(io.StringIO(line).readline):
        word = token.string
        taken = keyword.iskeyword(word) and word not in _KEPT_WORDS and word in schema
        tokens.append((token.type, _RENAMED + word if taken else word))
    return tokenize.untokenize(tokens)


class _Reader:
    """Turns the tree of one text into expressions; every refusal quotes the text."""

    def __init__(self, text: str, schema: Mapping[str, pl.DataType]) -> None:
        self.text, self.schema = text, schema

    def condition(self, node: ast.expr) -> pl.Expr:
        """An expression that is True, False or unknown for a row."""
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(value) for value in node.values]
            join = pl.all_horizontal if isinstance(node.op, ast.And) else pl.any_horizontal
            return join(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.condition(node.operand)
        if isinstance(node, ast.Compare):
            return self._compare(node)
        if isinstance(node, ast.Name) and self.schema[self._column(node)] == pl.Boolean:
            return pl.col(self._column(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return pl.lit(node.value)
        raise self._refusal(node, "is no condition")

    def _compare(self, node: ast.Compare) -> pl.Expr:
        parts = []
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            parts.append(self._pair(node, left, operator, right))
            left = right
        return pl.all_horizontal(parts)

    def _pair(
        self, node: ast.expr, left: ast.expr, operator: ast.cmpop, right: ast.expr
    ) -> pl.Expr:
        if isinstance(operator, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.Tuple, ast.List, ast.Set)):
                raise self._refusal(node, "needs a list after `in`, such as ('BGS', 'LRG')")
            values = [self._literal(item, beside=left) for item in right.elts]
            found = self._value(left).is_in(values) if values else pl.lit(value=False)
            return ~found if isinstance(operator, ast.NotIn) else found
        if _is_none(right) and isinstance(operator, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
            unknown = self._value(left).is_null()
            return unknown if isinstance(operator, (ast.Is, ast.Eq)) else ~unknown
        compare = _COMPARISONS.get(type(operator))
        if compare is None:
            raise self._refusal(node, "compares with something else than < <= > >= == != in")
        return compare(self._operand(left, right), self._operand(right, left))

    def _operand(self, node: ast.expr, other: ast.expr) -> pl.Expr:
        if isinstance(node, ast.Constant):
            return pl.lit(self._literal(node, beside=other))
        expression = self._value(node)
        if not isinstance(other, ast.Constant) and self._is_text(node) != self._is_text(other):
            raise self._refusal(other, "compares a text with a number")
        return expression

    def _value(self, node: ast.expr) -> pl.Expr:
        """A column or a sum of columns and numbers."""
        if isinstance(node, ast.Name):
            name = self._column(node)
            column = pl.col(name)
            # NaN stands for a value that is not known, and would be larger than any number.
            return column.fill_nan(None) if self.schema[name].is_float() else column
        if isinstance(node, ast.BinOp) and type(node.op) in _SUMS:
            return _SUMS[type(node.op)](self._number(node.left), self._number(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self._number(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Constant):
            return pl.lit(node.value)
        raise self._refusal(node, "is neither a column, a number nor a text")

    def _number(self, node: ast.expr) -> pl.Expr:
        text = isinstance(node, ast.Constant) and not _is_number(node.value)
        if text or (isinstance(node, ast.Name) and not self._kind(node).is_numeric()):
            raise self._refusal(node, "is not a number")
        return self._value(node)

    def _literal(self, node: ast.expr, *, beside: ast.expr) -> Any:
        """A constant that can be compared with what stands beside it."""
        try:
            value = ast.literal_eval(node)
        except ValueError:
            raise self._refusal(node, "is neither a number nor a text") from None
        if not isinstance(value, (str, bool)) and not _is_number(value):
            raise self._refusal(node, "is neither a number nor a text")
        if not isinstance(beside, ast.Name):
            if _is_number(value) or isinstance(beside, ast.Constant):
                return value
            raise self._refusal(node, "is a text beside numbers")
        kind = self._kind(beside)
        if kind.is_integer() and isinstance(value, str) and value.isdecimal():
            return int(value)  # a TARGETID is text wherever it leaves Python
        fits = (
            (kind.is_numeric() and _is_number(value))
            or (kind == pl.Boolean and isinstance(value, bool))
            or (isinstance(value, str) and not kind.is_numeric() and kind != pl.Boolean)
        )
        if not fits:
            name = self._column(beside)
            raise QueryError(
                f"where {self.text!r}: {value!r} cannot be compared with column '{name}', which "
                f"holds {_in_words(kind)}."
            )
        return value

    def _is_text(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and not self._kind(node).is_numeric()

    def _kind(self, node: ast.Name) -> pl.DataType:
        return self.schema[self._column(node)]

    def _column(self, node: ast.Name) -> str:
        name = node.id.removeprefix(_RENAMED) if node.id not in self.schema else node.id
        if name in self.schema:
            return name
        raise QueryError(f"where {self.text!r}: {unknown_column(name, list(self.schema))}")

    def _refusal(self, node: ast.expr, what: str) -> QueryError:
        part = ast.unparse(node).replace(_RENAMED, "")
        return QueryError(f"where {self.text!r}: {part!r} {what}. Write e.g. {_EXAMPLE}.")


def unknown_column(name: str, known: Sequence[str]) -> str:
    """The sentence about a column that is not there."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}."
    return f"the catalogue has no column '{name}': {hint}"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _in_words(kind: pl.DataType) -> str:
    if kind == pl.Boolean:
        return "True or False"
    return "numbers" if kind.is_numeric() else "texts"
