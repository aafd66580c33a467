"""The sky that a brick covers is read from the header of its image."""

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.sources.legacy_surveys.brick_header import read_brick_header
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_fits import damaged_cards


def write_image(path, shape=(40, 60)):
    hdu = fits.CompImageHDU(np.ones(shape, np.float32), compression_type="RICE_1")
    for key, value in {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CRVAL1": 35.126,
        "CRVAL2": -6.578,
        "CRPIX1": (shape[1] + 1) / 2,
        "CRPIX2": (shape[0] + 1) / 2,
        "CD1_1": -1e-4,
        "CD1_2": 0.0,
        "CD2_1": 0.0,
        "CD2_2": 1e-4,
    }.items():
        hdu.header[key] = value
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)


def test_the_distance_from_the_edge_is_negative_outside(tmp_path):
    write_image(tmp_path / "brick.fits.fz")
    header = read_brick_header(str(tmp_path / "brick.fits.fz"))
    assert header.shape == (40, 60)
    dec = np.array([-6.578, -6.578 + 15e-4, -6.578 - 30e-4])
    assert header.pixels_to_edge(np.full(3, 35.126), dec).round(2).tolist() == [20.0, 5.0, -10.0]
    assert header.pixels_to_edge([215.126], [6.578])[0] < 0


def test_a_file_without_an_image_is_an_error(tmp_path):
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(SourceError, match="not a brick image: 0 two-dimensional images"):
        read_brick_header(str(tmp_path / "empty.fits"))


def test_damaged_headers_raise_only_the_error_of_the_package(tmp_path):
    path = tmp_path / "brick.fits.fz"
    write_image(path)

    def read(content):
        path.write_bytes(content)
        read_brick_header(str(path)).pixels_to_edge([35.0, 215.0], [-6.5, 90.0])

    original = path.read_bytes()
    assert_only_galsearch_errors(read, [original], copies=100)
    assert_only_galsearch_errors(read, [original], copies=100, damage=damaged_cards)
