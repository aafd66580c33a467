"""The text of a condition as a syntax tree, with the column names exactly as they were written.

Python's parser refuses column names that are keywords, such as `class`, changes letters such as `µ`
to their compatibility forms, and refuses whole numbers of more than 4,300 digits. The words and
numbers of a condition are therefore exchanged before it is parsed: a column by a plain name, a long
number by its hexadecimal form.
"""

import ast
import keyword
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from galsearch.core.errors import QueryError

_MAX_CHARACTERS = 1_000_000
_MAX_SHOWN = 200
_LONG_NUMBER = 4_000
"""Digits of a whole number above which it is written in hexadecimal digits for the parser."""
_OPERATOR_KEYWORDS = {"and", "or", "not", "in", "is", "True", "False", "None"}
EXAMPLE = "\"0.1 < z < 0.3 and class == 'BGS'\""
_TOKEN = re.compile(
    r"""(?P<text>'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"
                |'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    |(?P<comment>\#[^\n]*)
    |(?P<number>\.?\d\w*(?:\.\w*)?(?:(?<=[eE])[+-]\d+)?)
    |(?P<word>[^\W\d][\w\u0300-\u036f]*)
    |(?P<bracket>[()])""",
    re.DOTALL | re.VERBOSE,
)


def shown(text: str) -> str:
    """A text in quotes for a message, without its end where it is long."""
    return repr(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")


def resolve_name(word: str, names: Sequence[str]) -> str | None:
    """The column that a word means: the same name, or the only one with the same letters.

    Letters are the same where their compatibility forms (Unicode's NFKC) are, such as the two
    signs µ for micro.

    Examples
    --------
    >>> resolve_name("z", ["z", "Z"]), resolve_name("fibre", ["ﬁbre"]), resolve_name("y", ["z"])
    ('z', 'ﬁbre', None)
    """
    if word in names:
        return word
    form = unicodedata.normalize("NFKC", word)
    same = [name for name in names if unicodedata.normalize("NFKC", name) == form]
    return same[0] if len(same) == 1 else None


class ConditionText:
    """A condition that has been parsed.

    Parameters
    ----------
    text
        What the user wrote.
    names
        Names of the columns that it may use.

    Raises
    ------
    QueryError
        Where the text is not a Python expression.

    Examples
    --------
    >>> parsed = ConditionText("class == 'BGS'", ["class", "z"])
    >>> parsed.written(parsed.tree), parsed.written(parsed.tree.left)
    ("class == 'BGS'", 'class')
    """

    def __init__(self, text: str, names: Sequence[str]) -> None:
        if len(text) > _MAX_CHARACTERS:
            raise QueryError(f"where has {len(text):,} characters; {_MAX_CHARACTERS:,} are read.")
        self.text = text
        self._names = names
        self._columns: dict[str, str] = {}
        self._prefix = "column_"
        while self._prefix in text:
            self._prefix += "_"
        try:
            # Brackets, as in Python, allow a condition of several lines.
            source = f"(\n{self._for_parser()}\n)"
            self.tree: ast.expr = ast.parse(source, mode="eval").body
        except RecursionError:
            raise QueryError(f"where {shown(text)} is nested too deeply.") from None
        except (SyntaxError, ValueError, MemoryError):
            raise QueryError(
                f"where {shown(text)} is not a condition: equality is ==, conditions are joined by "
                f"and, or, not, and texts stand in quotes. Write one such as {EXAMPLE}."
            ) from None
        self._lines = [line.encode() for line in re.split("\r\n|\r|\n", source)]

    def column(self, word: str) -> str | None:
        """The column that a name in the tree means; None where there is none."""
        return resolve_name(self.written_name(word), self._names)

    def written(self, node: ast.expr) -> str:
        """A part of the condition as the user wrote it."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        if first == last:
            part = self._lines[first][node.col_offset : node.end_col_offset].decode()
        else:
            lines = self._lines[first : last + 1]
            lines[-1] = lines[-1][: node.end_col_offset]
            lines[0] = lines[0][node.col_offset :]
            part = b" ".join(line.strip() for line in lines).decode()
        if not self._columns:
            return part
        return re.sub(f"{self._prefix}[0-9]+_", lambda found: self.written_name(found[0]), part)

    def written_name(self, word: str) -> str:
        """The column name that the user wrote for a name in the tree."""
        return self._columns.get(word, word)

    def _for_parser(self) -> str:
        """The text, with the words and numbers that Python's parser would refuse or change."""
        if not self.text.strip():
            raise SyntaxError
        depth = 0
        parts, end = [], 0
        for token in _TOKEN.finditer(self.text):
            parts.append(self.text[end : token.start()])
            parts.append(self._exchanged(token))
            end = token.end()
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            if depth < 0:
                raise SyntaxError
        return "".join([*parts, self.text[end:]])

    def _exchanged(self, token: re.Match[str]) -> str:
        word = token[0]
        if token.lastgroup == "number" and len(word) > _LONG_NUMBER:
            digits = word.replace("_", "")
            return hex(int(Decimal(digits))) if digits.isdecimal() else word
        if token.lastgroup != "word" or word in _OPERATOR_KEYWORDS:
            return word
        if word.isascii() and not (keyword.iskeyword(word) and word in self._names):
            return word
        exchanged = f"{self._prefix}{len(self._columns)}_"
        self._columns[exchanged] = word
        return exchanged
