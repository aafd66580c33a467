"""FITS tables are read by ranges of rows."""

import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.table_formats.batches.fits_batches import FitsBatches


def test_the_first_table_is_read_with_nulls_and_without_columns_of_any_length() -> None:
    columns = [
        fits.Column("ID", "K", null=-1, array=np.array([5, -1, 7])),
        fits.Column("V", "2E", array=np.arange(6, dtype=np.float32).reshape(3, 2)),
        fits.Column("ANY", "PE()", array=np.array([[1.0], [1.0, 2.0], []], object)),
        fits.Column("OK", "L", array=np.array([True, False, True])),
    ]
    buffer = io.BytesIO()
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(np.zeros(3)), fits.BinTableHDU.from_columns(columns)]
    fits.HDUList(hdus).writeto(buffer)
    table = FitsBatches("t.fits", buffer)
    assert table.schema.names == ["ID", "V", "OK"]
    first, second = table.batches(["OK", "V", "ID"], 2)
    assert first.to_pydict() == {
        "OK": [True, False],
        "V": [[0.0, 1.0], [2.0, 3.0]],
        "ID": [5, None],
    }
    assert second["ID"].to_pylist() == [7]


def test_a_file_without_a_table_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU()]).writeto(buffer)
    with pytest.raises(SourceError) as caught:
        FitsBatches("t.fits", buffer)
    assert str(caught.value) == "t.fits: holds no table. HDUs: PRIMARY."
