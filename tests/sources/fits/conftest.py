"""A small FITS file with a primary HDU, an image and a table."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from galsearch.sources.fits.fits_writer import image_hdu, table_hdu, write_fits


def write_sky(path: Path) -> int:
    """Write a primary HDU, an image and a table; return their size without the last padding."""
    table = table_hdu("ROWS", {"TARGETID": np.arange(4), "NAME": np.array(["a"] * 4)}, where="")
    write_fits(path, [fits.PrimaryHDU(), image_hdu("SKY", np.ones((5, 6), np.float32)), table])
    return 2880 * 4 + 4 * (8 + 1)


@pytest.fixture(autouse=True)
def sky(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A complete file, and a path for a changed copy beside it."""
    write_sky(tmp_path / "sky.fits")
    monkeypatch.setenv("PYTEST_SKY", str(tmp_path / "changed.fits"))
