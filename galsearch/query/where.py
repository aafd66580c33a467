"""Parser of catalogue conditions such as `0.1 < z < 0.3 and class == 'BGS'` to polars expressions.

A condition has the syntax of Python, but is never executed. It may hold comparisons, `and`, `or`,
`not`, `in`, arithmetic, column names and literals. Comparisons with missing values (null or NaN)
are false.
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

_MAX_CHARACTERS = 10_000
_OPERATOR_KEYWORDS = {"and", "or", "not", "in", "is", "True", "False", "None"}
_RENAMED_PREFIX = "column_"
"""Prefix of columns whose names are Python keywords, while a condition is parsed."""
_EXAMPLE = "\"0.1 < z < 0.3 and class == 'BGS'\""

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], pl.Expr]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], pl.Expr]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}


def parse_where(text: str, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """A polars expression that is True where a row fulfils the condition `text`, else False.

    Parameters
    ----------
    text
        The condition; see the module's description.
    schema
        Names and types of the columns that it may use.

    Raises
    ------
    QueryError
        Where the text is not a condition, a column does not exist (the message suggests the most
        similar name), or a string is compared with a number.

    Examples
    --------
    >>> table = pl.DataFrame({"z": [0.1, 0.2, None], "class": ["BGS", "LRG", "BGS"]})
    >>> condition = parse_where("z < 0.3 and class == 'BGS'", table.schema)
    >>> table.select(condition).to_series().to_list()
    [True, False, False]
    """
    if len(text) > _MAX_CHARACTERS:
        raise QueryError(f"where has {len(text):,} characters; {_MAX_CHARACTERS:,} are read.")
    try:
        tree = ast.parse(_rename_keywords(text, schema).strip(), mode="eval")
        expression = _ConditionParser(text, schema).condition(tree.body)
    except QueryError:
        raise
    except (SyntaxError, ValueError, MemoryError, RecursionError, tokenize.TokenError):
        raise QueryError(
            f"where {text!r} is not a condition: equality is ==, conditions are joined by and, or, "
            f"not, and texts stand in quotes. Write one such as {_EXAMPLE}."
        ) from None
    return expression.fill_null(value=False)


def _rename_keywords(text: str, schema: Mapping[str, pl.DataType]) -> str:
    """The text with a prefix at columns whose names are Python keywords, such as `class`."""
    tokens = []
    line = " ".join(text.splitlines()).strip()
    for token in tokenize.generate_tokens(io.StringIO(line).readline):
        word = token.string
        reserved = keyword.iskeyword(word) and word not in _OPERATOR_KEYWORDS and word in schema
        tokens.append((token.type, _RENAMED_PREFIX + word if reserved else word))
    return tokenize.untokenize(tokens)


class _ConditionParser:
    """Converts the syntax tree of one condition to polars expressions.

    Every error message quotes the condition.
    """

    def __init__(self, text: str, schema: Mapping[str, pl.DataType]) -> None:
        self.text, self.schema = text, schema

    def condition(self, node: ast.expr) -> pl.Expr:
        """An expression that is True, False or null for a row."""
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
        raise self._error(node, "is no condition")

    def _compare(self, node: ast.Compare) -> pl.Expr:
        parts = []
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            parts.append(self._comparison(node, left, operator, right))
            left = right
        return pl.all_horizontal(parts)

    def _comparison(
        self, node: ast.expr, left: ast.expr, operator: ast.cmpop, right: ast.expr
    ) -> pl.Expr:
        if isinstance(operator, (ast.In, ast.NotIn)):
            if not isinstance(right, (ast.Tuple, ast.List, ast.Set)):
                raise self._error(node, "needs a list after `in`, such as ('BGS', 'LRG')")
            values = [self._literal(item, beside=left) for item in right.elts]
            found = self._value(left).is_in(values) if values else pl.lit(value=False)
            return ~found if isinstance(operator, ast.NotIn) else found
        if _is_none(right) and isinstance(operator, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
            missing = self._value(left).is_null()
            return missing if isinstance(operator, (ast.Is, ast.Eq)) else ~missing
        compare = _COMPARISONS.get(type(operator))
        if compare is None:
            raise self._error(node, "compares with something else than < <= > >= == != in")
        return compare(self._operand(left, right), self._operand(right, left))

    def _operand(self, node: ast.expr, other: ast.expr) -> pl.Expr:
        if isinstance(node, ast.Constant):
            return pl.lit(self._literal(node, beside=other))
        expression = self._value(node)
        if not isinstance(other, ast.Constant) and self._is_text(node) != self._is_text(other):
            raise self._error(other, "compares a text with a number")
        return expression

    def _value(self, node: ast.expr) -> pl.Expr:
        """An expression of a column, a literal, or arithmetic of columns and numbers."""
        if isinstance(node, ast.Name):
            name = self._column(node)
            column = pl.col(name)
            # NaN marks a missing value, and polars orders it above every number.
            return column.fill_nan(None) if self.schema[name].is_float() else column
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            return _ARITHMETIC[type(node.op)](self._number(node.left), self._number(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            value = self._number(node.operand)
            return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Constant):
            return pl.lit(node.value)
        raise self._error(node, "is neither a column, a number nor a text")

    def _number(self, node: ast.expr) -> pl.Expr:
        text = isinstance(node, ast.Constant) and not _is_number(node.value)
        if text or (isinstance(node, ast.Name) and not self._kind(node).is_numeric()):
            raise self._error(node, "is not a number")
        return self._value(node)

    def _literal(self, node: ast.expr, *, beside: ast.expr) -> Any:
        """The value of a literal that can be compared with the operand `beside`."""
        try:
            value = ast.literal_eval(node)
        except ValueError:
            raise self._error(node, "is neither a number nor a text") from None
        if not isinstance(value, (str, bool)) and not _is_number(value):
            raise self._error(node, "is neither a number nor a text")
        if not isinstance(beside, ast.Name):
            if _is_number(value) or isinstance(beside, ast.Constant):
                return value
            raise self._error(node, "is a text beside numbers")
        kind = self._kind(beside)
        if kind.is_integer() and isinstance(value, str) and value.isdecimal():
            return int(value)  # TARGETIDs are written as strings in JSON and on command lines.
        fits = (
            (kind.is_numeric() and _is_number(value))
            or (kind == pl.Boolean and isinstance(value, bool))
            or (isinstance(value, str) and not kind.is_numeric() and kind != pl.Boolean)
        )
        if not fits:
            name = self._column(beside)
            raise QueryError(
                f"where {self.text!r}: {value!r} cannot be compared with column '{name}', which "
                f"holds {_describe_type(kind)}."
            )
        return value

    def _is_text(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and not self._kind(node).is_numeric()

    def _kind(self, node: ast.Name) -> pl.DataType:
        return self.schema[self._column(node)]

    def _column(self, node: ast.Name) -> str:
        name = node.id.removeprefix(_RENAMED_PREFIX) if node.id not in self.schema else node.id
        if name in self.schema:
            return name
        raise QueryError(f"where {self.text!r}: {unknown_column(name, list(self.schema))}")

    def _error(self, node: ast.expr, problem: str) -> QueryError:
        part = ast.unparse(node).replace(_RENAMED_PREFIX, "")
        return QueryError(f"where {self.text!r}: {part!r} {problem}. Write e.g. {_EXAMPLE}.")


def unknown_column(name: str, known: Sequence[str]) -> str:
    """The message about a column that does not exist, with the most similar name if there is one.

    Examples
    --------
    >>> unknown_column("magr", ["z", "mag_r"])
    "the catalogue has no column 'magr': did you mean 'mag_r'?"
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known)}."
    return f"the catalogue has no column '{name}': {hint}"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _describe_type(kind: pl.DataType) -> str:
    """The values of a column of this type, in plain words."""
    if kind == pl.Boolean:
        return "True or False"
    return "numbers" if kind.is_numeric() else "texts"
