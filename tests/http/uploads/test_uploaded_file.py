"""Uploaded files: their name depends on their content, and words on what they hold."""

import numpy as np
import pytest

from galsearch.core.cutout import Cutout
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.http.uploads.uploaded_file import EmbeddedFile, UploadedFile, require_words
from galsearch.query import Query
from galsearch.query.inputs.own_data.own_image import read_own_image


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\xff\xd8\xff\xe0", "upload.jpg"),
        (b"\x89PNG\r\n\x1a\n", "upload.png"),
        (b"\x93NUMPY\x01", "upload.npy"),
        (b"\x1f\x8b\x08", "upload.fits.gz"),
        (b"", "upload.csv"),
        (b"../../etc/passwd", "upload.csv"),
    ],
)
def test_the_name_is_made_of_the_content(content: bytes, name: str) -> None:
    assert UploadedFile(content).name == name


def test_words_of_the_other_modality_are_refused() -> None:
    require_words(UploadedFile(b"", position="1 2", pixel_scale=0.3), Modality.IMAGE)
    require_words(UploadedFile(b"", target_id=TargetId(5), air=True), Modality.SPECTRUM)
    with pytest.raises(QueryError) as caught:
        require_words(UploadedFile(b"", air=True), Modality.IMAGE)
    assert str(caught.value) == "air has no meaning here: the file holds an image."
    with pytest.raises(QueryError) as caught:
        require_words(UploadedFile(b"", position="1 2"), Modality.SPECTRUM)
    assert str(caught.value) == "position has no meaning here: the file holds a spectrum."


def test_a_query_has_the_image_as_it_was_read() -> None:
    flux = np.random.default_rng(1).normal(size=(3, 152, 152)).astype(np.float32)
    own = read_own_image(Cutout(flux, ("g", "r", "z"), 0.262, 1.0, 2.0))
    vector = np.ones((1, 4), np.float32)
    words = EmbeddedFile(own, vector, "a" * 64).query_words()
    assert Query(**words).image is own
    assert words["encoder"].image.embed() is vector
    assert words["encoder"].image.fingerprint == "a" * 64
