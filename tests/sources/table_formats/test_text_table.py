"""Cells of text tables keep every digit, and those without a value are masked."""

import codecs
from typing import Any

import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.table_formats.text_table import read_text_table


def column(*cells: str) -> Any:
    content = "\n".join(["id,c", *(f"1,{cell}" for cell in cells)])
    return read_text_table("a.csv", content.encode())["c"]


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        (("39627848784286003", "", "nan"), "int64", [39627848784286003, None, None]),
        (("18446744073709551615", "NULL"), "uint64", [2**64 - 1, None]),
        (("0.5", "inf", "--"), "float64", [0.5, float("inf"), None]),
        (("39627848784286003", "0.5"), "<U17", ["39627848784286003", "0.5"]),
        (("99999999999999999999", "1"), "<U20", ["99999999999999999999", "1"]),
        (("True", "", "false"), "bool", [True, None, False]),
        (("disk", "NA", "null"), "<U4", ["disk", "NA", ""]),
        (("", "N/A"), "float64", [None, None]),
        (("1_0", "2"), "<U3", ["1_0", "2"]),
    ],
)
def test_columns_have_the_first_type_that_holds_their_cells(
    cells: tuple[str, ...], dtype: str, values: list[Any]
) -> None:
    read = column(*cells)
    assert read.dtype == dtype
    assert read.tolist() == values


def test_byte_order_marks_are_no_part_of_a_name() -> None:
    text = "TARGETID,morph\r\n7,spiral\r\n"
    for content in (codecs.BOM_UTF8 + text.encode(), text.encode("utf-16")):
        read = read_text_table("a.csv", content)
        assert {name: values.tolist() for name, values in read.items()} == {
            "TARGETID": [7],
            "morph": ["spiral"],
        }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a,b\n1,2,3\n", "row 1 has 3 cells for 2 columns"),
        (b"a,a\n1,2\n", "several columns have the name 'a'"),
        (b"\n", "empty"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_text_table("a.csv", content)
    assert str(caught.value) == f"a.csv: not a FITS, CSV or ECSV table ({reason})."


@pytest.mark.parametrize(("separator", "words"), [("\t", "tabs"), (";", "semicolons")])
def test_other_separators_are_named(separator: str, words: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_text_table("a.csv", f"TARGETID{separator}z\n7{separator}0,5\n".encode())
    assert str(caught.value) == f"a.csv: the columns are separated by {words}; expected commas."


@pytest.mark.parametrize(
    "column",
    [
        '{name: z, unit: "10**2147483648 Jy", datatype: float64}',
        r'{name: z, unit: "10\x2a\x2a2147483648 Jy", datatype: float64}',
        "{name: z, unit: !astropy.units.Unit {unit: 10**2147483648 Jy}, datatype: float64}",
        '{name: z, description: &u "10**2147483648 Jy", unit: *u, datatype: float64}',
    ],
)
def test_a_unit_that_would_keep_the_parser_busy_is_refused(column: str) -> None:
    header = ["%ECSV 1.0", "---", "datatype:", "- {name: TARGETID, datatype: int64}", f"- {column}"]
    lines = [*(f"# {line}" for line in header), "TARGETID z", "7 0.5"]
    with pytest.raises(SourceError, match=r"unit"):
        read_text_table("a.ecsv", "\n".join(lines).encode())
