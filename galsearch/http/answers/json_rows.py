"""Rows of tables as JSON objects: TARGETIDs are texts, and what is not finite is null."""

import io
import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from galsearch.formats.json_lines import write_json_lines


def json_rows(table: pa.Table) -> list[str]:
    """The JSON object of each row of a table, as text.

    Examples
    --------
    >>> json_rows(pa.table({"z": [0.1, float("nan")]}))
    ['{"z": 0.1}', '{"z": null}']
    """
    sink = io.BytesIO()
    write_json_lines(table.schema, [table], sink)
    return sink.getvalue().decode("ascii").splitlines()


def with_fields(row: str, fields: Mapping[str, Any]) -> str:
    """A JSON object in a text, with further fields at its end.

    Examples
    --------
    >>> with_fields('{"z": 0.1}', {"links": {}})
    '{"z": 0.1, "links": {}}'
    """
    if not fields:
        return row
    more = json.dumps(fields, allow_nan=False)[1:]
    return row[:-1] + (", " if len(row) > 2 else "") + more
