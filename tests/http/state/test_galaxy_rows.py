"""Rows as values of JSON: those that JSON lines have."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from galsearch.formats.json_lines import write_json_lines
from galsearch.http.state.galaxy_rows import GalaxyRows, json_objects, links
from galsearch.query import open_index
from galsearch.query.results.facets import count_facets


def test_values_are_those_of_json_lines() -> None:
    identifier = pa.field("target_id", pa.int64(), metadata={"ucd": "meta.id;meta.main"})
    columns = {
        identifier: [5, 2**60],
        pa.field("whole", pa.int64()): [None, 2**53 + 1],
        pa.field("small", pa.int8()): [-3, 4],
        pa.field("large", pa.uint64()): [2**64 - 1, None],
        pa.field("single", pa.float32()): [0.1, float("nan")],
        pa.field("half", pa.float16()): [0.5, None],
        pa.field("double", pa.float64()): [None, float("-inf")],
        pa.field("flag", pa.bool_()): [True, None],
        pa.field("name", pa.string()): ['</script><b>"\u2028\n', None],
        pa.field("class", pa.dictionary(pa.int8(), pa.string())): ["QSO", None],
        pa.field("list", pa.list_(pa.int8())): [[1, 2], None],
        pa.field("time", pa.timestamp("ms", "UTC")): [0, None],
        pa.field("nothing", pa.null()): [None, None],
    }
    arrays = [pa.array(values, field.type) for field, values in columns.items()]
    table = pa.table(arrays, schema=pa.schema(list(columns)))
    sink = io.BytesIO()
    write_json_lines(table.schema, [table], sink)
    expected = [json.loads(line) for line in sink.getvalue().splitlines()]
    made = orjson.dumps(json_objects(table), option=orjson.OPT_SERIALIZE_NUMPY)
    assert json.loads(made) == expected
    assert b'"single":0.1,' in made
    assert json_objects(table.slice(0, 0)) == []


def test_links_lead_to_pages_that_exist_for_the_galaxy() -> None:
    found = links("39627848784286003", 150.1, 2.2)
    assert sorted(found) == ["desi_spectrum", "legacy_viewer"]
    assert links("39627848784286003", float("nan"), 2.2).keys() == {"desi_spectrum"}


def test_rows_are_those_of_the_galaxies_in_their_order(toy_index: Path, served_sky: Any) -> None:
    engine = open_index(toy_index)
    ids = np.asarray(served_sky.ids)[[4, 2, 4, 9]]
    values = GalaxyRows(engine).values(ids)
    table = engine.catalogue.columns.take(ids)
    objects = values.objects()
    assert [one["target_id"] for one in objects] == [str(i) for i in ids]
    without = [{name: value for name, value in one.items() if name != "links"} for one in objects]
    expected = orjson.dumps(json_objects(table), option=orjson.OPT_SERIALIZE_NUMPY)
    assert orjson.dumps(without, option=orjson.OPT_SERIALIZE_NUMPY) == expected
    assert values.facets(slice(1, 4)) == count_facets([table.slice(1)])
