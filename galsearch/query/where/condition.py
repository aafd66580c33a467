"""Evaluation of a condition for the rows of a catalogue."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from galsearch.core.arrays import BoolArray
from galsearch.core.errors import QueryError
from galsearch.query.where.arithmetic import OPERATORS, arithmetic, negative, positive
from galsearch.query.where.column_values import (
    ConditionProblem,
    Kind,
    Values,
    column_values,
    nothing,
    truths,
)
from galsearch.query.where.comparisons import COMPARISONS, compare, is_in
from galsearch.query.where.condition_text import EXAMPLE, shown
from galsearch.query.where.expression import NO_MEANINGS, QUOTE, Expression


class Condition:
    """A condition that can be evaluated for the rows of any table with the columns that it uses.

    Parameters
    ----------
    text
        The condition; see the package's description.
    names
        Names of the columns that it may use. A table need not have all of them: a column that it
        lacks is missing in all its rows.
    meanings
        Columns by further words that mean them, before a column of that name.

    Raises
    ------
    QueryError
        Where the text is not a condition, or a column does not exist (the message suggests the most
        similar name).

    Examples
    --------
    >>> table = pa.table({"z": [0.1, 0.2, None], "class": ["BGS", "LRG", "BGS"]})
    >>> condition = Condition("z < 0.3 and class == 'BGS'", table.column_names)
    >>> condition.columns
    ['z', 'class']
    >>> [condition.rows(batch).tolist() for batch in table.to_batches()]
    [[True, False, False]]
    """

    def __init__(
        self, text: str, names: Sequence[str], meanings: Mapping[str, str] = NO_MEANINGS
    ) -> None:
        self._expression = Expression(text, names, meanings)
        self.shown = self._expression.shown
        """The beginning of messages about the condition."""
        unknown_types = _Evaluation(self._expression, None)
        unknown_types.rows()
        self.columns = list(unknown_types.columns)
        """Names of the columns that the condition uses, in the order of their first use."""

    def check_types(self, schema: pa.Schema) -> None:
        """Raise QueryError if columns of these types cannot be compared as the condition does."""
        fields = [schema.field(name) for name in self.columns if name in schema.names]
        empty = [pa.nulls(0, field.type) for field in fields]
        self.rows(pa.RecordBatch.from_arrays(empty, names=[field.name for field in fields]))

    def rows(self, batch: pa.RecordBatch) -> BoolArray:
        """(n,) True where a row fulfils the condition; False also where that is not known.

        Raises
        ------
        QueryError
            Where columns of these types cannot be compared as the condition does.
        """
        return _Evaluation(self._expression, batch).rows()


class _Evaluation:
    """The values of the parts of one condition in the rows of one table.

    Without a table, every column is missing, and only the structure of the condition is checked.
    """

    def __init__(self, expression: Expression, batch: pa.RecordBatch | None) -> None:
        self._expression = expression
        self._batch = batch
        self.columns: dict[str, Values] = {}

    def rows(self) -> BoolArray:
        try:
            found = self._truth(self._expression.tree)
        except RecursionError:
            raise QueryError(f"{self._expression.shown} is nested too deeply.") from None
        n_rows = 0 if self._batch is None else self._batch.num_rows
        return np.broadcast_to(found.data & ~found.missing, n_rows)

    def _truth(self, node: ast.expr) -> Values:
        """The truth of a part of the condition in each row."""
        values = self._values(node)
        if values.kind is Kind.NOTHING:
            return truths(np.zeros(values.missing.shape, bool), values.missing)
        if values.kind is not Kind.TRUTH:
            raise self._error(node, "is no condition")
        return values

    def _values(self, node: ast.expr) -> Values:
        """The values of a column, a literal, arithmetic, a comparison or a condition."""
        evaluate = _EVALUATE.get(type(node))
        if evaluate is None:
            raise self._error(node, "is neither a column, a number nor a text")
        try:
            return evaluate(self, node)
        except ConditionProblem as problem:
            if problem.of_part:
                raise self._error(node, str(problem)) from None
            raise QueryError(f"{self._expression.shown}: {problem}.") from None

    def _name(self, node: ast.Name) -> Values:
        return self._column(self._expression.column_name(node.id))

    def _call(self, node: ast.Call) -> Values:
        quoted = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
        is_quote = isinstance(node.func, ast.Name) and node.func.id == QUOTE and not node.keywords
        if not is_quote or len(node.args) != 1 or not quoted or not isinstance(quoted[0], str):
            raise ConditionProblem("is neither a column, a number nor a text")
        return self._column(self._expression.column_name(quoted[0]))

    def _column(self, name: str) -> Values:
        if name not in self.columns:
            if self._batch is None or name not in self._batch.schema.names:
                n_rows = 0 if self._batch is None else self._batch.num_rows
                self.columns[name] = nothing(n_rows)
            else:
                self.columns[name] = column_values(self._batch.column(name), name)
        return self.columns[name]

    def _constant(self, node: ast.Constant) -> Values:
        literal = self._expression.literal(node)
        if literal is None:
            raise ConditionProblem("is neither a number nor a text")
        return literal

    def _unary(self, node: ast.UnaryOp) -> Values:
        if isinstance(node.op, ast.Not):
            inner = self._truth(node.operand)
            return truths(~inner.data, inner.missing)
        literal = self._expression.literal(node)
        if literal is not None:
            return literal
        if isinstance(node.op, ast.Invert):
            raise ConditionProblem("has the operator ~; write `not`")
        values = self._values(node.operand)
        return negative(values) if isinstance(node.op, ast.USub) else positive(values)

    def _binary(self, node: ast.BinOp) -> Values:
        if type(node.op) not in OPERATORS:
            words = {ast.BitAnd: "; write `and`", ast.BitOr: "; write `or`"}.get(type(node.op), "")
            raise ConditionProblem(f"has an operator other than + - * /{words}")
        return arithmetic(type(node.op), self._values(node.left), self._values(node.right))

    def _bool_op(self, node: ast.BoolOp) -> Values:
        """`and` or `or` of parts that are True, False or missing (Kleene's logic)."""
        parts = [self._truth(value) for value in node.values]
        deciding = isinstance(node.op, ast.Or)
        decided = _any((part.data == deciding) & ~part.missing for part in parts)
        missing = ~decided & _any(part.missing for part in parts)
        return truths(decided if deciding else ~decided, missing)

    def _compare(self, node: ast.Compare) -> Values:
        parts = []
        left = node.left
        for kind, right in zip(node.ops, node.comparators, strict=True):
            parts.append(self._comparison(left, kind, right))
            left = right
        decided = _any(~part.data & ~part.missing for part in parts)
        return truths(~decided, ~decided & _any(part.missing for part in parts))

    def _comparison(self, left: ast.expr, kind: ast.cmpop, right: ast.expr) -> Values:
        if isinstance(kind, (ast.In, ast.NotIn)):
            found = self._membership(left, right)
            return truths(~found.data, found.missing) if isinstance(kind, ast.NotIn) else found
        if _is_none(left) or _is_none(right):
            return self._missing(left, kind, right)
        if type(kind) not in COMPARISONS:
            raise ConditionProblem("compares with something else than < <= > >= == != in")
        return compare(type(kind), self._values(left), self._values(right))

    def _missing(self, left: ast.expr, kind: ast.cmpop, right: ast.expr) -> Values:
        """The truth of `left is None`, where either side may be None."""
        if not isinstance(kind, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
            raise ConditionProblem("compares with None, to which only `is` and `is not` apply")
        missing = np.ones(1, bool)
        for side in (left, right):
            if not _is_none(side):
                missing = self._values(side).missing
        wanted = isinstance(kind, (ast.Is, ast.Eq))
        return truths(missing if wanted else ~missing, np.zeros(missing.shape, bool))

    def _membership(self, left: ast.expr, right: ast.expr) -> Values:
        values = self._values(left)
        literals, others = self._expression.listed(right)
        found = [is_in(values, literals)]
        found += [compare(ast.Eq, values, self._values(other)) for other in others]
        decided = _any(part.data & ~part.missing for part in found)
        return truths(decided, ~decided & _any(part.missing for part in found))

    def _error(self, node: ast.expr, problem: str) -> QueryError:
        part = shown(self._expression.written(node))
        return QueryError(f"{self._expression.shown}: {part} {problem}. Write e.g. {EXAMPLE}.")


_EVALUATE: dict[type[ast.expr], Callable[[_Evaluation, Any], Values]] = {
    ast.Name: _Evaluation._name,
    ast.Call: _Evaluation._call,
    ast.Constant: _Evaluation._constant,
    ast.UnaryOp: _Evaluation._unary,
    ast.BinOp: _Evaluation._binary,
    ast.BoolOp: _Evaluation._bool_op,
    ast.Compare: _Evaluation._compare,
}


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _any(parts: Any) -> BoolArray:
    """True where any of several arrays is, of (n,) or (1,)."""
    found = np.zeros(1, bool)
    for part in parts:
        found = found | part
    return found
