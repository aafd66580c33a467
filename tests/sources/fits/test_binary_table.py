"""Columns of a binary table are read as they were written."""

import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.errors import SourceError
from galsearch.sources.fits.binary_table import decode_table, rescale
from galsearch.sources.fits.fits_file import open_fits
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.fits.fits_writer import table_hdu, write_fits


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_SCRATCH", str(tmp_path))


@given(
    flag=hnp.arrays(bool, 3),
    number=hnp.arrays(np.int64, 3),
    real=hnp.arrays(np.float32, (3, 2)),
    text=hnp.arrays("U5", 3, elements=st.text("abcXYZ 09", max_size=5)),
)
def test_a_table_is_read_as_it_was_written(
    flag: np.ndarray, number: np.ndarray, real: np.ndarray, text: np.ndarray
) -> None:
    path = Path(os.environ["PYTEST_SCRATCH"]) / "a.fits"
    columns = {"FLAG": flag, "NUMBER": number, "REAL": real, "TEXT": text}
    write_fits(path, [fits.PrimaryHDU(), table_hdu("T", columns, where="t")])
    with open_fits(str(path)) as file:
        read = file.table(file.hdus[1])
    np.testing.assert_array_equal(read["FLAG"], flag)
    np.testing.assert_array_equal(read["NUMBER"], number)
    np.testing.assert_array_equal(read["REAL"], real)
    assert read["TEXT"].tolist() == [value.rstrip() for value in text]  # FITS pads text
    assert all(array.dtype.isnative for array in read.values())


@pytest.mark.parametrize(
    ("tform", "message"),
    [
        ("3?", "t: TFORM1 is '3?', not a type of a binary table."),
        ("2E", "t: 1 columns (1 names) have 8 bytes in each row; NAXIS1 states 4."),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(tform: str, message: str) -> None:
    cards = {"NAXIS1": 4, "NAXIS2": 0, "TFIELDS": 1, "TTYPE1": "'A'", "TFORM1": f"'{tform}'"}
    text = "".join(f"{key:8}= {value}".ljust(80) for key, value in cards.items())
    with pytest.raises(SourceError) as caught:
        decode_table(Header(text, where="t"), b"", None, where="t")
    assert str(caught.value) == message


def test_shifted_integers_are_returned_as_unsigned() -> None:
    stored = np.array([-32768, 0, 32767], np.int16)
    assert rescale(stored, 1, 32768).tolist() == [0, 32768, 65535]
    assert rescale(stored, 1, 32768).dtype == np.uint16
    assert rescale(stored, 0.5, 10.0).tolist() == [-16374.0, 10.0, 16393.5]
