"""The fields of an upload."""

import io

import pytest
from starlette.datastructures import UploadFile

from galsearch.core.errors import InvalidTargetIdError
from galsearch.http.state.service_settings import Limits
from galsearch.http.words.upload_request import UploadFields


def test_words_of_the_file_and_of_the_query_are_told_apart() -> None:
    file = UploadFile(io.BytesIO(b"x"), filename="../../etc/passwd")
    fields = UploadFields(file=file, target_id="7", air=True, among="spectrum", within="1,2,3")
    uploaded = fields.uploaded(b"x")
    assert (uploaded.target_id, uploaded.air, uploaded.name) == (7, True, "upload.csv")
    words = fields.words(Limits())
    assert (words["among"], words["within"], words["k"]) == ("spectrum", (1.0, 2.0, 3.0), 10)
    assert not {"file", "target_id", "position", "air", "pixel_scale"} & set(words)
    with pytest.raises(InvalidTargetIdError):
        UploadFields(file=file, target_id="x").uploaded(b"x")
