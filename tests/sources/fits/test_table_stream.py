"""A FITS table that was written in chunks equals one that Astropy wrote at once."""

import io

import numpy as np
from astropy.io import fits

from galsearch.sources.fits.table_stream import StreamedColumn, write_table_stream

ROWS = np.array(
    [(1, 1.5, b"ab", b"T"), (2, np.nan, b"", b"F"), (3, 0.5, b"xyz", b"\0")],
    [("id", ">i8"), ("z", ">f4"), ("text", "S3"), ("flag", "S1")],
)
COLUMNS = [
    StreamedColumn("id", ">i8", null=-1, description="a number"),
    StreamedColumn("z", ">f4", unit="deg", ucd="src.redshift"),
    StreamedColumn("text", "S3"),
    StreamedColumn("flag", "S1", logical=True),
]


def stream(*chunks: np.ndarray, n_rows: int) -> bytes:
    sink = io.BytesIO()
    write_table_stream(
        sink, COLUMNS, chunks, name="ROWS", n_rows=n_rows, keywords={"USING": "imagé"}
    )
    return sink.getvalue()


def test_chunks_make_one_table() -> None:
    content = stream(ROWS[:1], ROWS[1:], n_rows=3)
    assert content == stream(ROWS, n_rows=3)
    assert len(content) % 2880 == 0
    with fits.open(io.BytesIO(content), logical_as_bytes=True) as hdus:
        hdus.verify("exception")
        data, header = hdus["ROWS"].data, hdus["ROWS"].header
        assert data["id"].tolist() == [1, 2, 3]
        np.testing.assert_array_equal(data["z"], ROWS["z"])
        assert data["text"].tolist() == ["ab", "", "xyz"]
    assert header["USING"] == "imag?"
    assert (header["TNULL1"], header["TUNIT2"], header["TUCD2"]) == (-1, "deg", "src.redshift")


def test_a_table_may_have_no_rows() -> None:
    with fits.open(io.BytesIO(stream(n_rows=0))) as hdus:
        assert len(hdus["ROWS"].data) == 0
