"""FITS files are written atomically; data that FITS cannot hold are refused."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_writer import image_hdu, table_hdu, write_fits


def test_types_that_fits_lacks_are_stored_in_wider_types() -> None:
    columns = {"HALF": np.array([0.5], np.float16), "BYTE": np.array([-3], np.int8)}
    data = table_hdu("T", columns, where="t").data
    assert (data["HALF"].dtype.itemsize, data["HALF"][0]) == (4, 0.5)
    assert (data["BYTE"].dtype.itemsize, data["BYTE"][0]) == (2, -3)


def test_a_column_that_fits_cannot_hold_is_an_error() -> None:
    cases = {
        "t: column A holds text that is not ASCII, which FITS cannot store.": np.array(["é"]),
        "t: column A is a single value; expected one for each row.": 3,
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


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_fits(tmp_path / "sky.fits", [fits.PrimaryHDU(), image_hdu("SKY", np.ones((5, 6)))])
    before = (tmp_path / "sky.fits").read_bytes()

    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match=r"^disk full$"):
        write_fits(tmp_path / "sky.fits", [fits.PrimaryHDU()])
    assert [path.name for path in tmp_path.iterdir()] == ["sky.fits"]
    assert (tmp_path / "sky.fits").read_bytes() == before
