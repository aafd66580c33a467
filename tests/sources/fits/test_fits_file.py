"""Images and tables of a FITS file are read as they were written."""

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
from galsearch.sources.fits.fits_writer import image_hdu, write_fits


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
