"""FITS that is whole is read as it is; anything else is an error that says what was found."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import FitsFile, open_fits
from galsearch.sources.fits.fits_writer import image_hdu, table_hdu, write_fits


def refusal(path: Path | str) -> str:
    with pytest.raises(SourceError) as caught, open_fits(str(path)):
        pass
    return str(caught.value)


def write_sky(path: Path) -> int:
    """A primary, an image and a table; the number of bytes that matter, padding apart."""
    table = table_hdu("ROWS", {"TARGETID": np.arange(4), "NAME": np.array(["a"] * 4)}, where="")
    write_fits(path, [fits.PrimaryHDU(), image_hdu("SKY", np.ones((5, 6), np.float32)), table])
    return 2880 * 4 + 4 * (8 + 1)


def test_an_empty_file_is_no_fits(tmp_path: Path) -> None:
    path = tmp_path / "empty.fits"
    path.write_bytes(b"")
    assert refusal(path) == (
        f"{path}: not a FITS file: it is empty, where 'SIMPLE  =' is expected."
    )


def test_what_a_server_says_instead_of_a_file_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "cutout.fits"
    path.write_bytes(b"no such layer\n")
    assert refusal(path) == (
        f"{path}: not a FITS file: it begins 'no such layer', where 'SIMPLE  =' is expected."
    )


def test_bytes_that_are_not_text_are_no_fits(tmp_path: Path) -> None:
    path = tmp_path / "picture.fits"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    assert refusal(path) == (
        f"{path}: not a FITS file: it begins '\ufffd\ufffd\ufffd\ufffd', where 'SIMPLE  =' is "
        "expected."
    )


def test_a_file_cut_in_its_data_says_where(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    write_sky(path)
    path.write_bytes(path.read_bytes()[: 2880 * 2 + 100])
    assert refusal(path) == (
        f"{path}: cut short: HDU 1 (SKY) ends at byte 5880, the file at 5860. Copy it again."
    )


def test_a_file_cut_in_a_header_says_which(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    write_sky(path)
    path.write_bytes(path.read_bytes()[: 2880 + 200])
    assert refusal(path) == (
        f"{path}: cut short: the header of HDU 1 ends without END. Copy it again."
    )


def test_a_file_cut_anywhere_is_refused_or_lacks_whole_hdus(tmp_path: Path) -> None:
    path, cut = tmp_path / "sky.fits", tmp_path / "cut.fits"
    needed = write_sky(path)
    whole = path.read_bytes()
    ends = {2880: ["PRIMARY"], 2880 * 2 + 120: ["PRIMARY", "SKY"]}
    for length in range(0, needed, 40):
        cut.write_bytes(whole[:length])
        try:
            with open_fits(str(cut)) as file:
                names = file.names
        except SourceError as error:
            assert str(error).startswith(f"{cut}: ")  # noqa: PT017 (either is right)
        else:
            assert names == max((e, n) for e, n in ends.items() if e <= length)[1]
    cut.write_bytes(whole[:needed])
    with open_fits(str(cut)) as file:
        assert file.names == ["PRIMARY", "SKY", "ROWS"]
        assert file.table(file.hdus[2])["NAME"].tolist() == ["a"] * 4


@given(st.integers(0, 2880 * 5 - 1), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused_and_nothing_else(position: int, value: int) -> None:
    path = Path(os.environ["PYTEST_SKY"])
    content = bytearray(path.with_name("sky.fits").read_bytes())
    content[position] = value
    path.write_bytes(content)
    try:
        with open_fits(str(path)) as file:
            for hdu in file.hdus:
                if hdu.is_table:
                    file.table(hdu)
                elif hdu.shape:
                    file.image(hdu)
    except SourceError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 (either is right)


@pytest.fixture(autouse=True)
def sky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole file, and a name for a changed one beside it."""
    write_sky(tmp_path / "sky.fits")
    monkeypatch.setenv("PYTEST_SKY", str(tmp_path / "changed.fits"))


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "endless.fits"
    card = "SIMPLE  =                    T".ljust(80) + "COMMENT ".ljust(80) * 35
    path.write_bytes(card.encode() * 1000)
    assert refusal(path) == f"{path}: the header of HDU 0 is damaged: no END in 1000 blocks."


def test_a_header_with_an_impossible_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    content = path.read_bytes().replace(
        b"NAXIS1  =                    6", b"NAXIS1  =                   -6"
    )
    path.write_bytes(content)
    assert refusal(path) == f"{path}: HDU 1: card NAXIS1 is -6; expected 0 or more."


def test_a_missing_hdu_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught, open_fits(str(tmp_path / "sky.fits")) as file:
        file.find("FIBERMAP", of="a coadd")
    assert str(caught.value) == (
        f"{tmp_path}/sky.fits: HDU FIBERMAP is missing, so this is not a coadd. It holds: "
        "PRIMARY, SKY, ROWS."
    )


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8"])
def test_images_of_every_type_come_back_as_astropy_reads_them(tmp_path: Path, dtype: str) -> None:
    values = np.arange(12).reshape(3, 4).astype(dtype)
    values[0, 0] = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else np.inf
    write_fits(tmp_path / "a.fits", [fits.PrimaryHDU(), image_hdu("A", values)])
    with open_fits(str(tmp_path / "a.fits")) as file:
        read = file.image(file.find("A", of="it"))
        assert read.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(read, values)
        box = (slice(1, 3), slice(0, 2))
        np.testing.assert_array_equal(file.image_section(file.hdus[1], [box])[0], values[box])


def test_scaled_images_come_back_in_their_unit(tmp_path: Path) -> None:
    hdu = fits.ImageHDU(np.arange(6, dtype=np.int16).reshape(2, 3), name="A")
    hdu.header["BSCALE"], hdu.header["BZERO"] = 0.5, 10.0
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(buffer)
    (tmp_path / "a.fits").write_bytes(buffer.getvalue())
    with open_fits(str(tmp_path / "a.fits")) as file, fits.open(tmp_path / "a.fits") as astropy:
        np.testing.assert_array_equal(file.image(file.hdus[1]), astropy[1].data)


@given(
    flag=hnp.arrays(bool, 3),
    number=hnp.arrays(np.int64, 3),
    real=hnp.arrays(np.float32, (3, 2)),
    text=hnp.arrays("U5", 3, elements=st.text("abcXYZ 09", max_size=5)),
)
def test_a_table_comes_back_as_it_was_written(
    flag: np.ndarray, number: np.ndarray, real: np.ndarray, text: np.ndarray
) -> None:
    path = Path(os.environ["PYTEST_SKY"])
    columns = {"FLAG": flag, "NUMBER": number, "REAL": real, "TEXT": text}
    write_fits(path, [fits.PrimaryHDU(), table_hdu("T", columns, where="t")])
    with open_fits(str(path)) as file:
        read = file.table(file.hdus[1])
    np.testing.assert_array_equal(read["FLAG"], flag)
    np.testing.assert_array_equal(read["NUMBER"], number)
    np.testing.assert_array_equal(read["REAL"], real)
    assert read["TEXT"].tolist() == [value.rstrip() for value in text]  # FITS pads text
    assert all(array.dtype.isnative for array in read.values())


def test_types_that_fits_lacks_are_widened_and_not_changed() -> None:
    columns = {"HALF": np.array([0.5], np.float16), "BYTE": np.array([-3], np.int8)}
    data = table_hdu("T", columns, where="t").data
    assert (data["HALF"].dtype.itemsize, data["HALF"][0]) == (4, 0.5)
    assert (data["BYTE"].dtype.itemsize, data["BYTE"][0]) == (2, -3)


def test_a_column_that_fits_cannot_hold_is_an_error() -> None:
    cases = {
        "t: column A holds text that is not ASCII; FITS cannot.": np.array(["é"]),
        "t: column A is a single value; expected one per row.": 3,
        "t: column A is of type object; a FITS table holds numbers, logicals and text.": np.array(
            [None]
        ),
    }
    for message, values in cases.items():
        with pytest.raises(SourceError) as caught:
            table_hdu("T", {"A": values}, where="t")
        assert str(caught.value) == message


def test_columns_of_different_lengths_are_an_error() -> None:
    with pytest.raises(SourceError) as caught:
        table_hdu("T", {"A": [1, 2], "B": [1]}, where="t")
    assert str(caught.value) == "t: the columns of table T must share one length: A 2, B 1."


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (tmp_path / "sky.fits").read_bytes()

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match=r"^disk full$"):
        write_fits(tmp_path / "sky.fits", [fits.PrimaryHDU()])
    assert [path.name for path in tmp_path.iterdir()] == ["sky.fits"]
    assert (tmp_path / "sky.fits").read_bytes() == before


def test_a_server_that_gives_less_than_it_promised_is_an_error(tmp_path: Path) -> None:
    content = (tmp_path / "sky.fits").read_bytes()
    with open_fits(str(tmp_path / "sky.fits")) as whole:
        file = FitsFile("https://sky/a.fits", io.BytesIO(content[:5800]), whole.hdus)
    with pytest.raises(SourceError) as caught:
        file.image(file.hdus[1])
    assert str(caught.value) == (
        "https://sky/a.fits: the server gave 40 of the 120 bytes of HDU SKY. Try again, or copy "
        "the file first."
    )
