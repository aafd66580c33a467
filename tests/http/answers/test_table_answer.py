"""The format of a file and its name."""

import pyarrow as pa
import pytest

from galsearch.core.errors import TableFormatError
from galsearch.formats import TableFormat
from galsearch.http.answers.table_answer import MEDIA_TYPES, table_response, wanted_format


def test_every_format_has_a_media_type_of_its_own() -> None:
    assert set(MEDIA_TYPES) == set(TableFormat)
    assert len(set(MEDIA_TYPES.values())) == len(TableFormat)
    for known, media_type in MEDIA_TYPES.items():
        assert wanted_format(None, f"text/html, {media_type};q=0.9") is known


def test_the_name_in_the_url_precedes_the_header() -> None:
    assert wanted_format("fits", "text/csv") is TableFormat.FITS
    assert wanted_format("json", "text/csv") is None
    assert wanted_format(None, "application/json, text/csv") is None
    assert wanted_format(None, "") is None
    with pytest.raises(TableFormatError) as caught:
        wanted_format("xls", "")
    assert str(caught.value) == "format is 'xls', which is not known."


def test_a_file_name_has_plain_characters_alone() -> None:
    table = pa.table({"z": [0.1]})
    response = table_response(table.schema, [table], TableFormat.CSV, 'a"/../b\r\nc')
    assert response.headers["content-disposition"] == 'attachment; filename="abc.csv"'
