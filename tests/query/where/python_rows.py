"""Random conditions over columns of every type, and Python's own evaluation of them row by row.

`random_condition` writes a condition twice: as a user writes it, and as an expression of Python
whose operators are the functions below. Those leave every operation on values to Python, and add
what galsearch documents about missing values.
"""

import dataclasses
import datetime
import operator
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

import numpy as np
import pyarrow as pa

N_ROWS = 40
_DECIMALS = Context(prec=200, traps=[])
_WHOLE_COLUMNS = ("target_id", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "class")
_FLOAT_COLUMNS = ("f64", "flux g", "µ_r")
_SHORT_COLUMNS = {"f16": np.float16, "f32": np.float32, "mag_r": np.float32}
_DECIMAL_COLUMNS = ("dec", "dec38", "dec76")
_TRUTH_COLUMNS = ("has_image", "column_class")
_TEXT_COLUMNS = ("text", "large", "view", "category", "größe")
_TIME_COLUMNS = ("date", "date64", "seconds", "millis", "micros", "nanos", "zoned")
_OTHER_COLUMNS = ("bytes", "list", "vector", "struct", "clock", "duration")
_WHOLE_LITERALS = (
    *("0", "1", "-1", "2", "5", "127", "128", "-129", "255", "256", "32768", "2147483648"),
    *("9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808"),
    *("18446744073709551615", "18446744073709551616", "-9223372036854775809", str(2**127)),
    *(f"-{10**40}", "39627848784286003", "0x10", "1_000"),
)
_FLOAT_LITERALS = (
    *("0.1", "0.25", "-0.5", "3.0", "19.3", "20.1", "-19.3", "300.0", "1e30", "1e-30", "9.3e18"),
    *("1e308", "1e400", "9007199254740992.0", ".5", "1_0.5"),
)
_TEXT_LITERALS = ("'BGS'", '"LRG"', "''", "'Ä'", "'bgs'", "'BGS '", "'z < 1'")
_TIMES = (
    *("2020-01-03", "2020-01-05T00:00", "2020-01-05T00:00:00.5", "2020-01-02T12:00:00Z"),
    *("2020-01-03 01:00:00+01:00", "1969-12-31", "2020-01-05T00:00:00.500000001"),
)
COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "<": ("lt", operator.lt),
    "<=": ("le", operator.le),
    ">": ("gt", operator.gt),
    ">=": ("ge", operator.ge),
    "==": ("eq", operator.eq),
    "!=": ("ne", operator.ne),
}
ARITHMETIC: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "+": ("add", operator.add),
    "-": ("sub", operator.sub),
    "*": ("mul", operator.mul),
    "/": ("div", operator.truediv),
}


def _columns(random: np.random.Generator) -> dict[str, pa.Array]:
    """Columns of every type of a Parquet file, with small, extreme and missing values."""

    def mixed(values: list[Any], kind: pa.DataType) -> pa.Array:
        chosen = [values[i] for i in random.integers(len(values), size=N_ROWS)]
        gaps = random.random(N_ROWS) < 0.15
        return pa.array(
            [None if gap else value for gap, value in zip(gaps, chosen, strict=True)], kind
        )

    floats = [-4.0, -0.5, -0.0, 0.0, 0.25, 1.0, 3.0, 19.3, 20.1, np.nan, np.inf, -np.inf]
    wide = [*floats, 1e308, 2.0**53, 2.0**53 + 2, 39627848784286000.0, 9.3e18, 1e30, 5e-324]
    columns = {
        "target_id": pa.array(39627848784286000 + np.arange(N_ROWS)),
        "text": mixed(["BGS", "LRG", "ELG", "", "Ä", "bgs", "BGS ", "z < 1"], pa.string()),
        "large": mixed(["BGS", "LRG"], pa.large_string()),
        "view": mixed(["BGS", "LRG", ""], pa.string()).cast(pa.string_view()),
        "category": mixed(["BGS", "LRG"], pa.string()).dictionary_encode(),
        "größe": mixed(["BGS", "LRG"], pa.string()),
        "nothing": pa.nulls(N_ROWS),
        "f16": mixed([np.float16(x) for x in floats], pa.float16()),
        "f32": mixed([*floats, 1e30, 16777217.0], pa.float32()),
        "mag_r": mixed([19.3, 20.1, 0.1, -19.3], pa.float32()),
        "class": mixed([0, 1, 2, 3], pa.int32()),
        "bytes": mixed([b"BGS", b""], pa.binary()),
        "list": mixed([[1.0, 2.0], []], pa.list_(pa.float64())),
        "vector": mixed([[1.0, 2.0]], pa.list_(pa.float32(), 2)),
        "struct": mixed([{"x": 1}], pa.struct({"x": pa.int64()})),
        "clock": mixed([datetime.time(12)], pa.time64("us")),
        "duration": mixed([datetime.timedelta(1)], pa.duration("s")),
    }
    columns |= {name: mixed(wide, pa.float64()) for name in _FLOAT_COLUMNS}
    columns |= {name: mixed([True, False], pa.bool_()) for name in _TRUTH_COLUMNS}
    for bits in (8, 16, 32, 64):
        top = 2 ** (bits - 1)
        signed = [-top, 1 - top, -2, -1, 0, 1, 2, 5, top - 2, top - 1]
        columns[f"i{bits}"] = mixed(signed, pa.type_for_alias(f"int{bits}"))
        unsigned = [0, 1, 2, 5, 2 * top - 2, 2 * top - 1]
        columns[f"u{bits}"] = mixed(unsigned, pa.type_for_alias(f"uint{bits}"))
    for name, kind, digits in (
        ("dec", pa.decimal128(10, 2), ["0.1", "0.25", "-0.5", "19.3", "3", "0"]),
        ("dec38", pa.decimal128(38, 4), ["9007199254740993.1", "0.1", "1", "-" + "9" * 34]),
        ("dec76", pa.decimal256(76, 4), ["0.1", "9223372036854775807", "9" * 72]),
    ):
        columns[name] = mixed([Decimal(text) for text in digits], kind)
    days = [datetime.date(2020, 1, day) for day in range(1, 7)] + [datetime.date(1969, 12, 31)]
    moments = [datetime.datetime(2020, 1, 2, 12), datetime.datetime(1969, 12, 31)]
    moments += [datetime.datetime(2020, 1, day) for day in (3, 5)]
    fine = [*moments, datetime.datetime(2020, 1, 5, 0, 0, 0, 500_000)]
    columns |= {
        "date": mixed([*days, datetime.date(9999, 12, 31)], pa.date32()),
        "date64": mixed(days, pa.date64()),
        "seconds": mixed([*moments, datetime.datetime(9999, 12, 31)], pa.timestamp("s")),
        "millis": mixed(fine, pa.timestamp("ms")),
        "micros": mixed(fine, pa.timestamp("us")),
        "nanos": mixed(fine, pa.timestamp("ns")),
        "zoned": mixed(fine, pa.timestamp("us", "Europe/Paris")),
    }
    return columns


BATCH = pa.RecordBatch.from_pydict(_columns(np.random.default_rng(14)))


def _python_value(value: Any) -> Any:
    """A value of Arrow as Python's; None where it is missing."""
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, np.floating):
        return None if np.isnan(value) else float(value)
    if isinstance(value, datetime.datetime):  # also pandas' Timestamp, which has nanoseconds
        return _nanoseconds(value)
    if isinstance(value, datetime.date):
        return _nanoseconds(datetime.datetime(value.year, value.month, value.day))
    return value


def _nanoseconds(moment: datetime.datetime) -> int:
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    since = moment - datetime.datetime(1970, 1, 1)
    return (since // datetime.timedelta(microseconds=1)) * 1000


ROWS: list[dict[str, Any]] = [
    {name: _python_value(value) for name, value in row.items()} for row in BATCH.to_pylist()
]


@dataclasses.dataclass
class Written:
    """A part of a condition, as a user writes it and for Python."""

    where: str
    python: str
    kind: str
    """whole, float, short, decimal, truth, text, time, nothing or other."""
    literal: str = ""
    """The digits of a literal number, or a literal text."""
    column: str = ""
    refused: bool = False


class ConditionWriter:
    """Random conditions; `depth` bounds how deeply they are nested."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def _choose(self, items: Any) -> Any:
        return items[int(self._random.integers(len(items)))]

    def condition(self, depth: int = 2) -> Written:
        roll = self._random.random()
        if depth == 0 or roll < 0.5:
            return self._atom()
        if roll < 0.6:
            inner = self.condition(depth - 1)
            return _joined(f"not ({inner.where})", f"negate({inner.python})", inner)
        word = self._choose(("and", "or"))
        parts = [self.condition(depth - 1) for _ in range(self._random.integers(2, 4))]
        where = f" {word} ".join(f"({part.where})" for part in parts)
        python = f"{word}_([{', '.join(part.python for part in parts)}])"
        return _joined(where, python, *parts)

    def _atom(self) -> Written:
        write = self._choose(
            (
                *(self._comparison,) * 8,
                *(self._chain, self._membership, self._membership),
                *(self._is_none, self._truth_column, self._mixed_kinds),
            )
        )
        return write()

    def _column(self, names: Any, kind: str) -> Written:
        name = self._choose(names)
        plain = name.isidentifier() and self._random.random() < 0.9
        quote = self._choose("'\"")
        where = name if plain else f"column({quote}{name}{quote})"
        return Written(where, f"row[{name!r}]", kind, column=name)

    def _literal(self) -> Written:
        whole = bool(self._random.random() < 0.6)
        digits = self._choose(_WHOLE_LITERALS if whole else _FLOAT_LITERALS)
        return Written(digits, digits, "whole" if whole else "float", literal=digits)

    def _number_column(self) -> Written:
        names, kind = self._choose(
            (
                (_WHOLE_COLUMNS, "whole"),
                (_WHOLE_COLUMNS, "whole"),
                (_FLOAT_COLUMNS, "float"),
                (list(_SHORT_COLUMNS), "short"),
                (_DECIMAL_COLUMNS, "decimal"),
                (_TRUTH_COLUMNS, "truth"),
                (("nothing",), "nothing"),
            )
        )
        return self._column(names, kind)

    def _number(self, depth: int) -> Written:
        roll = self._random.random()
        if depth == 0 or roll < 0.5:
            return self._number_column()
        if roll < 0.6:
            return self._literal()
        if roll < 0.7:
            inner = self._number(depth - 1)
            kind = {"truth": "whole", "short": "float"}.get(inner.kind, inner.kind)
            return Written(f"-({inner.where})", f"minus({inner.python})", kind)
        sign = self._choose(list(ARITHMETIC))
        left, right = self._number(depth - 1), self._number(depth - 1)
        a, b = _beside(left, right, short=False), _beside(right, left, short=False)
        return Written(
            f"({left.where}) {sign} ({right.where})",
            f"{ARITHMETIC[sign][0]}({a}, {b})",
            _result_kind(sign, left, right),
        )

    def _pair(self) -> tuple[Written, Callable[[], Written]]:
        """Values of one kind, and a writer of literals that can be compared with them."""
        roll = self._random.random()
        if roll < 0.7:
            return self._number(2), self._literal
        if roll < 0.85:
            return self._column(_TEXT_COLUMNS, "text"), self._text
        return self._column(_TIME_COLUMNS, "time"), self._time

    def _text(self) -> Written:
        text = self._choose(_TEXT_LITERALS)
        return Written(text, text, "text", literal=text)

    def _time(self) -> Written:
        text = self._choose(_TIMES)
        return Written(f"'{text}'", f"time({text!r})", "time", literal=text)

    def _other_side(self, left: Written, literal: Callable[[], Written]) -> Written:
        if self._random.random() < 0.6:
            return literal()
        if left.kind == "text":
            return self._column(_TEXT_COLUMNS, "text")
        if left.kind == "time":
            return self._column(_TIME_COLUMNS, "time")
        return self._number(1)

    def _comparison(self) -> Written:
        left, literal = self._pair()
        right = self._other_side(left, literal)
        if self._random.random() < 0.3:
            left, right = right, left
        sign = self._choose(list(COMPARISONS))
        return _joined(
            f"({left.where}) {sign} ({right.where})"
            if left.column
            else f"{left.where} {sign} {right.where}",
            _compared(sign, left, right),
            left,
            right,
        )

    def _chain(self) -> Written:
        middle, literal = self._pair()
        first, last = literal(), self._other_side(middle, literal)
        signs = [self._choose(list(COMPARISONS)) for _ in range(2)]
        return _joined(
            f"{first.where} {signs[0]} {middle.where} {signs[1]} {last.where}",
            f"and_([{_compared(signs[0], first, middle)}, {_compared(signs[1], middle, last)}])",
            first,
            middle,
            last,
        )

    def _membership(self) -> Written:
        left, literal = self._pair()
        if left.literal:
            left = self._number_column()
        items = [self._other_side(left, literal) for _ in range(self._random.integers(0, 4))]
        word = self._choose(("in", "not in"))
        listed = ", ".join(item.where for item in items) + ("," if len(items) == 1 else "")
        python = f"or_([{', '.join(_compared('==', left, item) for item in items)}])"
        where = f"{left.where} {word} {self._choose(('({})', '[{}]'))}".format(listed)
        return _joined(where, f"negate({python})" if word == "not in" else python, left, *items)

    def _is_none(self) -> Written:
        names = [*_TEXT_COLUMNS, *_TIME_COLUMNS, *_OTHER_COLUMNS, "nothing"]
        left = self._choose((self._number(2), self._column(names, "")))
        word = self._choose(("is", "is not", "==", "!="))
        yes = word in ("is", "==")
        return _joined(f"({left.where}) {word} None", f"is_none({left.python}) == {yes}", left)

    def _truth_column(self) -> Written:
        column = self._column(_TRUTH_COLUMNS, "truth")
        return _joined(column.where, column.python, column)

    def _mixed_kinds(self) -> Written:
        """A comparison of values that have no order among them, which is refused."""
        sides = [
            self._column(_OTHER_COLUMNS, "other"),
            self._choose((self._column(_TEXT_COLUMNS, "text"), self._text())),
            self._column(_TIME_COLUMNS, "time"),
            self._column(("i64", "f64", "f32", "dec", "has_image"), "number"),
        ]
        i, j = self._random.choice(4, 2, replace=False)
        left, right = sides[i], sides[j]
        if {left.kind, right.kind} == {"text", "time"} and (left.literal or right.literal):
            left = sides[0]
        sign = self._choose(list(COMPARISONS))
        return Written(f"{left.where} {sign} {right.where}", "None", "truth", refused=True)


def _joined(where: str, python: str, *parts: Written) -> Written:
    return Written(where, python, "truth", refused=any(part.refused for part in parts))


def _compared(sign: str, left: Written, right: Written) -> str:
    name = COMPARISONS[sign][0]
    return f"{name}({_beside(left, right, short=True)}, {_beside(right, left, short=True)})"


def _beside(part: Written, other: Written, *, short: bool) -> str:
    """Python's form of a part; a literal in the type of the column beside it."""
    if part.literal and part.kind == "float":
        if other.kind == "decimal":
            return f"decimal({part.literal!r})"
        if other.kind == "short" and short:
            return f"short({part.literal!r}, {other.column!r})"
    return part.python


def _result_kind(sign: str, left: Written, right: Written) -> str:
    kinds = {"truth": "whole", "short": "float"}
    a, b = (kinds.get(part.kind, part.kind) for part in (left, right))
    if "nothing" in (a, b):
        return "nothing"
    if "decimal" in (a, b):
        floats = [p for p in (left, right) if p.kind in ("float", "short") and not p.literal]
        return "float" if floats else "decimal"
    return "float" if "float" in (a, b) or sign == "/" else "whole"


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool | None]:
    def compared(left: Any, right: Any) -> bool | None:
        return None if left is None or right is None else compare(left, right)

    return compared


def _operation(name: str, operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operated(left: Any, right: Any) -> Any:
        if left is None or right is None:
            return None
        kinds = {type(left), type(right)}
        if kinds == {float, Decimal}:
            left, right = float(left), float(right)
        elif Decimal in kinds:
            decimals = {"add": _DECIMALS.add, "sub": _DECIMALS.subtract}
            decimals |= {"mul": _DECIMALS.multiply, "div": _DECIMALS.divide}
            found = decimals[name](Decimal(left), Decimal(right))
            return found if found.is_finite() else None
        try:
            result = operate(left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        if isinstance(result, float) and not np.isfinite(result):
            finite = np.isfinite(float(left)) and np.isfinite(float(right))
            return None if np.isnan(result) or finite else result
        return result

    return operated


def _minus(value: Any) -> Any:
    return _DECIMALS.minus(value) if isinstance(value, Decimal) else -value


def _and(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _or(parts: list[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _short(digits: str, column: str) -> float:
    nearest = _SHORT_COLUMNS[column](float(digits))
    with_same_digits = np.isfinite(nearest) and Decimal(str(nearest)) == Decimal(digits)
    return float(nearest) if with_same_digits else float(digits)


def _decimal(digits: str) -> Decimal:
    return Decimal(digits) if np.isfinite(float(digits)) else Decimal(float(digits))


def _time(text: str) -> int:
    if text.endswith("+01:00"):
        return _time(text[:-6]) - 3600 * 10**9
    return int(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64))


_NAMES = {
    **{name: _comparison(compare) for name, compare in COMPARISONS.values()},
    **{name: _operation(name, operate) for name, operate in ARITHMETIC.values()},
    "and_": _and,
    "or_": _or,
    "is_none": lambda value: value is None,
    "negate": lambda value: None if value is None else not value,
    "minus": lambda value: None if value is None else _minus(value),
    "short": _short,
    "decimal": _decimal,
    "time": _time,
}


def rows_in_python(written: Written) -> list[bool]:
    """True for each row of the table that fulfils a condition, evaluated by Python."""
    code = compile(written.python, "condition", "eval")
    with np.errstate(over="ignore"):
        return [eval(code, _NAMES, {"row": row}) is True for row in ROWS]  # noqa: S307 - our text
