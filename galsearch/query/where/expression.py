"""The parts of a condition: its columns, its literals and the text of each part."""

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from galsearch.core.errors import QueryError
from galsearch.query.similar_names import similar_names
from galsearch.query.where.column_values import ConditionProblem, Kind, Values, constant
from galsearch.query.where.condition_text import ConditionText, shown

QUOTE = "column"
"""The word before a quoted column name, as in `column('flux g')`."""

NO_MEANINGS: Mapping[str, str] = MappingProxyType({})
"""Words of a condition where each means the column of its name."""


class Expression:
    """A condition as a syntax tree, and the meaning of the words and literals in it.

    Parameters
    ----------
    text
        The condition; see the package's description.
    names
        Names of the columns that it may use.
    meanings
        Columns by further words that mean them, before a column of that name.

    Raises
    ------
    QueryError
        Where the text is not a condition.

    Examples
    --------
    >>> expression = Expression("z < 0.3", ["z", "class"])
    >>> expression.shown, expression.column_name("z")
    ("where 'z < 0.3'", 'z')
    """

    def __init__(
        self, text: str, names: Sequence[str], meanings: Mapping[str, str] = NO_MEANINGS
    ) -> None:
        self.shown = f"where {shown(text)}"
        """The beginning of messages about the condition."""
        self._parsed = ConditionText(text, names)
        self._names, self._meanings = names, meanings
        self._literals: dict[ast.expr, tuple[list[Values], list[ast.expr]]] = {}

    def column_name(self, word: str) -> str:
        """The column that a word of the condition means; QueryError where there is none."""
        written = self._parsed.written_name(word)
        name = self._meanings.get(written) or self._parsed.column(word)
        if name is None:
            problem = unknown_column(written, list(dict.fromkeys([*self._meanings, *self._names])))
            raise QueryError(f"{self.shown}: {problem}")
        return name

    def written(self, node: ast.expr) -> str:
        """A part of the condition as the user wrote it."""
        return self._parsed.written(node)

    @property
    def tree(self) -> ast.expr:
        """The syntax tree of the condition."""
        return self._parsed.tree

    def listed(self, node: ast.expr) -> tuple[list[Values], list[ast.expr]]:
        """The literals of the list after `in`, and its other items."""
        if not isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            raise ConditionProblem("needs a list after `in`, such as ('BGS', 'LRG')")
        if node not in self._literals:
            literals = [self.literal(item) for item in node.elts]
            rest = [node.elts[i] for i, item in enumerate(literals) if item is None]
            self._literals[node] = [item for item in literals if item is not None], rest
        return self._literals[node]

    def literal(self, node: ast.expr) -> Values | None:
        """The value of a literal, which a sign may precede; None where a node is no literal."""
        sign = ""
        number = node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            sign, number = "-" if isinstance(node.op, ast.USub) else "", node.operand
        if not isinstance(number, ast.Constant):
            return None
        value = number.value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            kind = Kind.WHOLE if isinstance(value, int) else Kind.FLOAT
            digits = sign + self.written(number).replace("_", "")
            return constant(kind, -value if sign else value, digits)
        if isinstance(value, (bool, str)) and number is node:
            kind = Kind.TRUTH if isinstance(value, bool) else Kind.TEXT
            return constant(kind, value, str(value))
        return None


def unknown_column(name: str, known: Sequence[str]) -> str:
    """The message about a column that does not exist, with the most similar name if there is one.

    Examples
    --------
    >>> unknown_column("magr", ["z", "mag_r"])
    "the catalogue has no column 'magr': did you mean 'mag_r'?"
    """
    near = similar_names(name, known)
    hint = f"did you mean {_as_written(near[0])}?" if near else f"there are {', '.join(known)}."
    return f"the catalogue has no column '{name}': {hint}"


def _as_written(name: str) -> str:
    """A column name as it stands in a condition: in `column(...)` where it is no plain name."""
    return f"'{name}'" if name.isidentifier() else f"{QUOTE}({name!r})"
