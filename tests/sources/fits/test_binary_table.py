"""Columns of a binary table are read as they were written."""

import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.errors import SourceError
from galsearch.sources.fits.binary_table import column_formats, decode_table, rescale
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


def read_columns(path: Path) -> dict[str, np.ndarray]:
    with open_fits(str(path)) as file:
        return file.table(file.hdus[1])


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_gaps_of_integers_that_astropy_writes_are_masked(tmp_path: Path, dtype: str) -> None:
    top = int(np.iinfo(dtype).max)
    column = MaskedColumn(np.array([top, 5, 0, top - 3], dtype), mask=[0, 1, 0, 0])
    Table({"N": column}).write(tmp_path / "gaps.fits")
    read = read_columns(tmp_path / "gaps.fits")["N"]
    assert read.dtype == np.dtype(dtype)
    assert read.tolist() == [top, None, 0, top - 3]


def test_null_is_compared_with_the_stored_values_of_scaled_columns() -> None:
    cards = {"NAXIS1": 10, "NAXIS2": 2, "TFIELDS": 2, "TTYPE1": "'REAL'", "TFORM1": "'I'"}
    cards |= {"TSCAL1": 0.5, "TZERO1": 10, "TNULL1": -99}
    cards |= {"TTYPE2": "'ID'", "TFORM2": "'K'", "TNULL2": -1}
    text = "".join(f"{key:8}= {value}".ljust(80) for key, value in cards.items())
    rows = np.array([(2, 39627848784286003), (-99, -1)], dtype=[("r", ">i2"), ("i", ">i8")])
    read = decode_table(Header(text, where="t"), rows.tobytes(), None, where="t")
    assert read["REAL"].tolist() == [11.0, None]
    assert read["ID"].tolist() == [39627848784286003, None]


def test_logicals_that_are_neither_true_nor_false_are_masked(tmp_path: Path) -> None:
    write_fits(
        tmp_path / "t.fits",
        [fits.PrimaryHDU(), table_hdu("T", {"FLAG": np.array([True, False, True])}, where="t")],
    )
    content = (tmp_path / "t.fits").read_bytes()
    (tmp_path / "t.fits").write_bytes(content.replace(b"TFT\0\0", b"TF\0\0\0"))
    assert read_columns(tmp_path / "t.fits")["FLAG"].tolist() == [True, False, None]


def test_integers_shifted_by_integers_keep_every_digit() -> None:
    stored = np.array([3, -4], np.int64)
    assert rescale(stored, 1.0, 39627848784286000).tolist() == [
        39627848784286003,
        39627848784285996,
    ]
    assert rescale(stored, 2, 2**63).tolist() == [2**63 + 6, 2**63 - 8]
    with pytest.raises(SourceError) as caught:
        rescale(stored, 1, -(2**63), where="t: N")
    assert str(caught.value) == (
        f"t: N: integers from {-(2**63) - 4} to {3 - 2**63}, which 64 bits cannot hold."
    )


def test_text_ends_at_a_zero_byte_and_is_utf_8_or_latin_1(tmp_path: Path) -> None:
    values = np.array([b"a\0b", b"\xc3\xa9  ", b""], "S4")
    write_fits(
        tmp_path / "t.fits", [fits.PrimaryHDU(), table_hdu("T", {"NAME": values}, where="t")]
    )
    assert read_columns(tmp_path / "t.fits")["NAME"].tolist() == ["a", "\xe9", ""]


@pytest.mark.parametrize("tform", ["999999999999K", "134217728A"])
def test_fields_wider_than_any_row_are_refused(tform: str) -> None:
    text = f"TFIELDS = 1{'':69}TFORM1  = '{tform}'".ljust(160)
    with pytest.raises(SourceError) as caught:
        column_formats(Header(text, where="t"), where="t")
    assert str(caught.value) == f"t: TFORM1 is '{tform}', wider than any row."
