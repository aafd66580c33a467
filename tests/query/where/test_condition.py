"""Conditions, compared with Python's evaluation of each row of a table."""

import contextlib
import os
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import QueryError
from galsearch.query.where import Condition
from tests.query.where.python_rows import BATCH, ConditionWriter, rows_in_python

TABLE = pa.RecordBatch.from_pydict(
    {
        "target_id": [39627000000000001, 2, 3, 4, 5],
        "z": [0.05, 0.15, None, float("nan"), 0.25],
        "mag_r": [17.0, 18.5, 19.5, 18.0, None],
        "class": ["BGS", "LRG", "BGS", None, "ELG"],
        "has_image": [True, False, True, True, None],
    }
)


def matching_rows(where: str) -> list[int]:
    return [int(i) for i in np.flatnonzero(Condition(where, TABLE.schema.names).rows(TABLE))]


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
        ("has_image == 1", [0, 2, 3]),
        ("1 in (1, 2) and not 2 < 1", [0, 1, 2, 3, 4]),
        ("column('z') < 0.1 # near ones\n or column(\"z\") > 0.2", [0, 4]),
        ("z / 0 > 1", []),
        ("z / 0 is None and z is not None", [0, 1, 4]),
        (f"z < {'9' * 5000} and target_id < 1{'0' * 400}", [0, 1, 4]),
        ("target_id in (" + ", ".join(map(str, range(2, 5000))) + ")", [1, 2, 3, 4]),
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
            "class == mag_r",
            "where 'class == mag_r': 'class == mag_r' compares texts with numbers. Write "
            "e.g. \"0.1 < z < 0.3 and class == 'BGS'\".",
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
        Condition(text, TABLE.schema.names).rows(TABLE)


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
        row for row, values in enumerate(TABLE.to_pylist()) if evaluate_in_python(where, values)
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


def test_conditions_on_every_type_mean_what_python_means() -> None:
    """GALSEARCH_CONDITIONS=100000 in the environment requests that many conditions."""
    wrong = []
    for number in range(int(os.environ.get("GALSEARCH_CONDITIONS", 300))):
        written = ConditionWriter(np.random.default_rng([14, number])).condition()
        try:
            found = Condition(written.where, BATCH.schema.names).rows(BATCH).tolist()
        except QueryError as error:
            if not written.refused:
                wrong.append(f"{written.where}: {error}")
            continue
        if written.refused or found != rows_in_python(written):
            wrong.append(written.where)
    assert wrong == []


def rows_of(where: str, **columns: Any) -> list[bool]:
    table = pa.RecordBatch.from_pydict(columns)
    return Condition(where, table.schema.names).rows(table).tolist()


def test_whole_numbers_do_not_wrap() -> None:
    n_observed = pa.array([0, 1, 255], pa.uint8())
    assert rows_of("n > -1", n=n_observed) == [True, True, True]
    assert rows_of("n - 2 > 2", n=n_observed) == [False, False, True]
    assert rows_of("n * 1000 > 100000", n=n_observed) == [False, False, True]
    ids = pa.array([39627848784286000, 39627848784286003, 2**63 - 1])
    assert rows_of("t * 2 > 0 and t + 1 > 0", t=ids) == [True, True, True]
    assert rows_of("t * 1.0 == 39627848784286003", t=ids) == [False, False, False]
    assert rows_of(f"t < {2**64} and t > -{2**64}", t=ids) == [True, True, True]


def test_a_float_that_is_another_whole_number_is_refused() -> None:
    with pytest.raises(QueryError) as caught:
        rows_of("t == 39627848784286003.0", t=pa.array([39627848784286000]))
    assert str(caught.value) == (
        "where 't == 39627848784286003.0': 39627848784286003.0 is no float (the nearest is "
        "39627848784286000); write a whole number without a decimal point."
    )


def test_in_compares_as_equality_does() -> None:
    mag_r = pa.array([19.3, 20.1, 18.0, None], pa.float32())
    assert rows_of("m == 19.3 or m == 20.1", m=mag_r) == [True, True, False, False]
    assert rows_of("m in (19.3, 20.1)", m=mag_r) == [True, True, False, False]
    assert rows_of("m not in (19.3, 20.1)", m=mag_r) == [False, False, True, False]
    assert rows_of("z in (0, 1, 2**0.5)".replace(", 2**0.5", ""), z=[0.0, 0.5]) == [True, False]


def test_results_that_are_no_numbers_are_missing() -> None:
    g, r = [0.0, 1.0, float("inf")], [0.0, 0.0, float("inf")]
    assert rows_of("g / r > 0.9", g=g, r=r) == [False, False, False]
    assert rows_of("g - r > 5", g=g, r=r) == [False, False, False]
    assert rows_of("(g / r) is None", g=g, r=r) == [True, True, True]
    assert rows_of("g * 1e308 * 10 > 0", g=g) == [False, False, True]


def test_any_column_name_can_be_quoted_and_is_the_column_that_is_written() -> None:
    names = ["class", "column_class", "flux g", "2mass_j", "µ_r", "e\u0301tat", "is", "a'b", "x²"]
    values = {name: [float(i)] for i, name in enumerate(names)}
    for i, name in enumerate(names):
        assert rows_of(f"column({name!r}) == {i}", **values) == [True]
    for word in ("class", "column_class", "µ_r", "μ_r", "é".replace("é", "état"), "x²"):
        wanted = {"μ_r": "µ_r", "état": "e\u0301tat"}.get(word, word)
        assert rows_of(f"{word} == {names.index(wanted)}", **values) == [True]


def test_lists_and_bytes_are_refused_in_one_sentence() -> None:
    with pytest.raises(QueryError) as caught:
        rows_of("v < 3", v=[[1.0, 2.0]])
    assert str(caught.value) == (
        "where 'v < 3': 3 cannot be compared with column 'v', which holds values of type "
        "list<item: double>."
    )


@pytest.mark.parametrize("where", ["-" * 3000 + "z < 1", "z" + " + z" * 3000 + " < 1"])
def test_deeply_nested_conditions_are_refused(where: str) -> None:
    with pytest.raises(QueryError):
        rows_of(where, z=[1.0])
