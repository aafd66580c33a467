"""Rows as JSON objects, and those that are kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from galsearch.http.state import galaxy_rows
from galsearch.http.state.galaxy_rows import GalaxyRows, json_rows, links, with_fields
from galsearch.query import open_index


def test_a_text_with_marks_of_html_stays_a_text_in_json() -> None:
    table = pa.table({"name": ['</script><b>"', "\u2028\n"]})
    rows = json_rows(table)
    assert [json.loads(row)["name"] for row in rows] == ['</script><b>"', "\u2028\n"]
    assert all(row.isascii() for row in rows)


def test_fields_are_added_at_the_end() -> None:
    assert json.loads(with_fields("{}", {"a": 1})) == {"a": 1}
    assert json.loads(with_fields('{"b": [2]}', {"a": None})) == {"b": [2], "a": None}


def test_links_lead_to_pages_that_exist_for_the_galaxy() -> None:
    found = links(39627848784286003, 150.1, 2.2)
    assert sorted(found) == ["desi_spectrum", "legacy_viewer"]
    assert links(39627848784286003, float("nan"), 2.2).keys() == {"desi_spectrum"}


def test_rows_that_are_kept_are_those_that_were_made(
    toy_index: Path, served_sky: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_index(toy_index)
    ids = np.asarray(served_sky.ids)[[4, 2, 4, 9]]
    expected = json_rows(engine.catalogue.columns.take(ids))
    monkeypatch.setattr(galaxy_rows, "CACHED_BYTES", 500)
    rows = GalaxyRows(engine)
    for _ in range(3):
        texts = rows.texts(ids)
        assert [json.loads(text)["target_id"] for text in texts] == [str(i) for i in ids]
        assert [text.split(', "links"')[0] + "}" for text in texts] == expected
        rows.texts(np.asarray(served_sky.ids)[20:30])
    assert rows._n_kept == sum(map(len, rows._texts.values())) <= 500
