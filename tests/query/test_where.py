"""Conditions, compared with Python's evaluation of each row of a table."""

import contextlib
import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.query.where import parse_where

TABLE = pl.DataFrame(
    {
        "target_id": [39627000000000001, 2, 3, 4, 5],
        "z": [0.05, 0.15, None, float("nan"), 0.25],
        "mag_r": [17.0, 18.5, 19.5, 18.0, None],
        "class": ["BGS", "LRG", "BGS", None, "ELG"],
        "has_image": [True, False, True, True, None],
    }
)


def matching_rows(where: str) -> list[int]:
    found = TABLE.with_row_index().filter(parse_where(where, TABLE.schema))
    return found["index"].to_list()


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("0.1 < z < 0.3 and mag_r < 19", [1]),
        ("0.1 < z < 0.3 and mag_r < 19 and class == 'LRG'", [1]),
        ("z > 0", [0, 1, 4]),
        ("not z > 0.1", [0]),
        ("z is None", [2, 3]),
        ("z is not None and class != 'BGS'", [1, 4]),
        ("class in ('BGS', 'ELG')", [0, 2, 4]),
        ("class not in ['BGS']", [1, 4]),
        ("class in ()", []),
        ("has_image", [0, 2, 3]),
        ("not has_image", [1]),
        ("has_image == False or z > 0.2", [1, 4]),
        ("target_id == '39627000000000001'", [0]),
        ("target_id in (2, '3')", [1, 2]),
        ("mag_r - z * 10 < 17", [0]),
        ("-z > -0.1", [0]),
        ("z < 0.1 or\n mag_r > 19", [0, 2]),
        ("True", [0, 1, 2, 3, 4]),
    ],
)
def test_a_condition_selects_the_rows_that_fulfil_it(where: str, rows: list[int]) -> None:
    assert matching_rows(where) == rows


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            "redshift < 1",
            "where 'redshift < 1': the catalogue has no column 'redshift': there are target_id, z, "
            "mag_r, class, has_image.",
        ),
        ("magr < 1", "where 'magr < 1': the catalogue has no column 'magr': did you mean 'mag_r'?"),
        (
            "z = 0.1",
            "where 'z = 0.1' is not a condition: equality is ==, conditions are joined by and, or, "
            'not, and texts stand in quotes. Write one such as "0.1 < z < 0.3 and class == '
            "'BGS'\".",
        ),
        (
            "z < 'BGS'",
            "where \"z < 'BGS'\": 'BGS' cannot be compared with column 'z', which holds numbers.",
        ),
        (
            "class == 3",
            "where 'class == 3': 3 cannot be compared with column 'class', which holds texts.",
        ),
        (
            "has_image == 1",
            "where 'has_image == 1': 1 cannot be compared with column 'has_image', which holds "
            "True or False.",
        ),
        (
            "class == mag_r",
            "where 'class == mag_r': 'mag_r' compares a text with a number. Write e.g. \"0.1 < z < "
            "0.3 and class == 'BGS'\".",
        ),
        (
            "z.max() > 1",
            "where 'z.max() > 1': 'z.max()' is neither a column, a number nor a text. Write e.g. "
            "\"0.1 < z < 0.3 and class == 'BGS'\".",
        ),
        (
            "z",
            "where 'z': 'z' is no condition. Write e.g. \"0.1 < z < 0.3 and class == 'BGS'\".",
        ),
        (
            "class in mag_r",
            "where 'class in mag_r': 'class in mag_r' needs a list after `in`, such as ('BGS', "
            "'LRG'). Write e.g. \"0.1 < z < 0.3 and class == 'BGS'\".",
        ),
    ],
)
def test_a_malformed_condition_is_refused_with_the_reason(where: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        matching_rows(where)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "where",
    [
        "",
        "(" * 3000,
        "__import__('os').system('true')",
        "[z for z in (1, 2)]",
        "lambda: z",
        "z < 1; z",
        "z if z else 1",
        "f'{z}' == 'a'",
        "z < 1j",
        "z < None",
        "(z := 3) < 4",
        "\x00",
        "'a",
        "z < 1" * 3000,
    ],
)
def test_other_python_code_is_refused(where: str) -> None:
    with pytest.raises(QueryError):
        matching_rows(where)


@given(text=st.text(max_size=40) | st.text(alphabet="z<>=! 0.1()andort'classi[],+-*/", max_size=30))
def test_any_text_is_evaluated_or_refused(text: str) -> None:
    with contextlib.suppress(QueryError):
        TABLE.filter(parse_where(text, TABLE.schema))


CONDITIONS = st.recursive(
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["z", "mag_r"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from(["0.15", "18.5", "-1", "0.25"]),
    )
    | st.just("class == 'BGS'"),
    lambda inner: (
        st.builds("({} and {})".format, inner, inner) | st.builds("({} or {})".format, inner, inner)
    ),
    max_leaves=6,
)


@given(where=CONDITIONS)
def test_comparisons_with_missing_values_are_false(where: str) -> None:
    expected = [
        row for row, values in enumerate(TABLE.to_dicts()) if evaluate_in_python(where, values)
    ]
    assert matching_rows(where) == expected


class Missing:
    """Compares false with everything."""

    def __eq__(self, other: object) -> bool:
        return False

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__
    __hash__ = None


def evaluate_in_python(where: str, values: dict[str, Any]) -> bool:
    present = {
        name: Missing() if value is None or value != value else value
        for name, value in values.items()
    }
    present["kind"] = present.pop("class")
    return bool(eval(where.replace("class", "kind"), {}, present))  # noqa: S307 - our own text


def test_a_date_cannot_be_compared() -> None:
    table = pl.DataFrame({"seen": [datetime.date(2024, 1, 1)]})
    with pytest.raises(QueryError):
        table.select(parse_where("seen < 3", table.schema))
