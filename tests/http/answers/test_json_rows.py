"""Rows as JSON objects."""

import json

import pyarrow as pa

from galsearch.http.answers.json_rows import json_rows, with_fields


def test_a_text_with_marks_of_html_stays_a_text_in_json() -> None:
    table = pa.table({"name": ['</script><b>"', "\u2028\n"]})
    rows = json_rows(table)
    assert [json.loads(row)["name"] for row in rows] == ['</script><b>"', "\u2028\n"]
    assert all(row.isascii() for row in rows)


def test_fields_are_added_at_the_end() -> None:
    assert json.loads(with_fields("{}", {"a": 1})) == {"a": 1}
    assert json.loads(with_fields('{"b": [2]}', {"a": None})) == {"b": [2], "a": None}
