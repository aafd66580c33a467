"""Random numbers of a chunk."""

from galsearch.simulate.survey.chunk import random_stream
from galsearch.simulate.survey.footprint import Chunk


def test_image_and_spectrum_share_no_random_numbers() -> None:
    chunks = [Chunk(0, 11, 50), Chunk(1, 12, 50)]
    first = [
        random_stream(9, chunk, row, stream).random()
        for chunk in chunks
        for row in range(50)
        for stream in range(5)
    ]
    assert len(set(first)) == len(first)
