"""Conditions on rows in a form that every vector database can be told: terms joined by and, or."""

from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str


@dataclass(frozen=True)
class Comparison:
    """A column compared with a value; false where the column is missing."""

    column: str
    operator: str
    """One of < <= > >= == !=."""
    value: Value


@dataclass(frozen=True)
class Membership:
    """A column whose value is one of several, or none of several."""

    column: str
    values: tuple[Value, ...]
    inside: bool = True


@dataclass(frozen=True)
class Missing:
    """A column without a value, or with one."""

    column: str
    missing: bool = True


@dataclass(frozen=True)
class Joined:
    """Terms of which all, or any, must be true."""

    word: str
    """`and` or `or`."""
    terms: tuple["Term", ...]


Term: TypeAlias = Comparison | Membership | Missing | Joined


@dataclass(frozen=True)
class SqlDialect:
    """Notation of conditions in a database."""

    quote: str = ""
    """Mark around the names of columns."""
    equals: str = "="
    brackets: str = "()"
    """Marks around the values after `in`."""
    has_escapes: bool = False
    """True where texts are between double quotes, with escapes by a backslash."""
    true: str = "true"
    false: str = "false"


def sql_text(term: Term, dialect: SqlDialect) -> str:
    """A condition in SQL, or in a language near to it.

    Examples
    --------
    >>> term = Joined("and", (Comparison("z", "<", 0.3), Membership("class", ("BGS", "O'B"))))
    >>> print(sql_text(term, SqlDialect(quote="`")))
    (`z` < 0.3) and (`class` in ('BGS', 'O''B'))
    """
    if isinstance(term, Joined):
        return f" {term.word} ".join(f"({sql_text(each, dialect)})" for each in term.terms)
    column = f"{dialect.quote}{term.column}{dialect.quote}"
    if isinstance(term, Missing):
        return f"{column} is {'' if term.missing else 'not '}null"
    if isinstance(term, Membership):
        values = ", ".join(_literal(value, dialect) for value in term.values)
        found = f"{dialect.brackets[0]}{values}{dialect.brackets[1]}"
        # Some databases keep rows without a value where it shall be none of several.
        if term.inside:
            return f"{column} in {found}"
        return f"{column} is not null and {column} not in {found}"
    sign = dialect.equals if term.operator == "==" else term.operator
    text = f"{column} {sign} {_literal(term.value, dialect)}"
    return f"{column} is not null and {text}" if term.operator == "!=" else text


def _literal(value: Value, dialect: SqlDialect) -> str:
    if isinstance(value, bool):
        return dialect.true if value else dialect.false
    if isinstance(value, str) and dialect.has_escapes:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
