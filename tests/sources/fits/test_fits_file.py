"""A complete FITS file is read; every other file is refused with a description of the fault."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_file import FitsFile, open_fits
from galsearch.sources.fits.fits_writer import image_hdu, table_hdu, write_fits


def refusal(path: Path | str) -> str:
    with pytest.raises(SourceError) as caught, open_fits(str(path)):
        pass
    return str(caught.value)


def write_sky(path: Path) -> int:
    """Write a primary HDU, an image and a table; return their size without the last padding."""
    table = table_hdu("ROWS", {"TARGETID": np.arange(4), "NAME": np.array(["a"] * 4)}, where="")
    write_fits(path, [fits.PrimaryHDU(), image_hdu("SKY", np.ones((5, 6), np.float32)), table])
    return 2880 * 4 + 4 * (8 + 1)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.fits"
    path.write_bytes(b"")
    assert refusal(path) == (
        f"{path}: not a FITS file: it is empty, where 'SIMPLE  =' is expected."
    )


def test_the_text_of_a_server_in_place_of_a_file_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "cutout.fits"
    path.write_bytes(b"no such layer\n")
    assert refusal(path) == (
        f"{path}: not a FITS file: it begins 'no such layer', where 'SIMPLE  =' is expected."
    )


def test_binary_data_of_another_format_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.fits"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    assert refusal(path) == (
        f"{path}: not a FITS file: it begins '\ufffd\ufffd\ufffd\ufffd', where 'SIMPLE  =' is "
        "expected."
    )


def test_a_file_truncated_in_its_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    write_sky(path)
    path.write_bytes(path.read_bytes()[: 2880 * 2 + 100])
    assert refusal(path) == (f"{path}: cut short: HDU 1 (SKY) ends at byte 5880, the file at 5860.")


def test_a_file_truncated_in_a_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sky.fits"
    write_sky(path)
    path.write_bytes(path.read_bytes()[: 2880 + 200])
    assert refusal(path) == (f"{path}: cut short: the header of HDU 1 ends without END.")


def test_a_truncated_file_is_refused_or_has_fewer_complete_hdus(tmp_path: Path) -> None:
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
def test_a_changed_byte_is_read_or_refused_with_a_source_error(position: int, value: int) -> None:
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
    """A complete file, and a path for a changed copy beside it."""
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


def test_a_missing_hdu_is_named_with_the_existing_ones(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught, open_fits(str(tmp_path / "sky.fits")) as file:
        file.find("FIBERMAP", file_kind="a coadd")
    assert str(caught.value) == (
        f"{tmp_path}/sky.fits: HDU FIBERMAP is missing, so this is not a coadd. It holds: "
        "PRIMARY, SKY, ROWS."
    )


@pytest.mark.parametrize("dtype", ["u1", "i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8"])
def test_images_of_every_type_are_read_as_they_were_written(tmp_path: Path, dtype: str) -> None:
    values = np.arange(12).reshape(3, 4).astype(dtype)
    values[0, 0] = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else np.inf
    write_fits(tmp_path / "a.fits", [fits.PrimaryHDU(), image_hdu("A", values)])
    with open_fits(str(tmp_path / "a.fits")) as file:
        read = file.image(file.find("A", file_kind="it"))
        assert read.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(read, values)
        box = (slice(1, 3), slice(0, 2))
        np.testing.assert_array_equal(file.image_section(file.hdus[1], [box])[0], values[box])


def test_scaled_images_are_read_as_by_astropy(tmp_path: Path) -> None:
    hdu = fits.ImageHDU(np.arange(6, dtype=np.int16).reshape(2, 3), name="A")
    hdu.header["BSCALE"], hdu.header["BZERO"] = 0.5, 10.0
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(buffer)
    (tmp_path / "a.fits").write_bytes(buffer.getvalue())
    with open_fits(str(tmp_path / "a.fits")) as file, fits.open(tmp_path / "a.fits") as astropy:
        np.testing.assert_array_equal(file.image(file.hdus[1]), astropy[1].data)


def test_a_server_that_sends_too_few_bytes_is_an_error(tmp_path: Path) -> None:
    content = (tmp_path / "sky.fits").read_bytes()
    with open_fits(str(tmp_path / "sky.fits")) as whole:
        file = FitsFile("https://sky/a.fits", io.BytesIO(content[:5800]), whole.hdus)
    with pytest.raises(SourceError) as caught:
        file.image(file.hdus[1])
    assert str(caught.value) == ("https://sky/a.fits: received 40 of the 120 bytes of HDU SKY.")
