"""The projection equals that of astropy."""

import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st

from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane

RA, DEC, SCALE_DEG, SIDE = 95.95, 80.5, 0.262 / 3600, 90


def wcs_header(**changes: float) -> fits.Header:
    header = fits.Header()
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = RA, DEC
    header["CRPIX1"] = header["CRPIX2"] = (SIDE + 1) / 2
    header["CD1_1"], header["CD1_2"] = -SCALE_DEG, 0.0
    header["CD2_1"], header["CD2_2"] = 0.0, SCALE_DEG
    header.update(changes)
    return header


@given(st.floats(0, 360), st.floats(-89, 89), st.floats(-40, 40), st.floats(-40, 40))
def test_the_projection_equals_that_of_astropy(
    ra: float, dec: float, east: float, north: float
) -> None:
    plane = TangentPlane(ra, dec, x=(SIDE - 1) / 2, y=(SIDE - 1) / 2, pixel_scale_arcsec=0.262)
    wcs = WCS(wcs_header(CRVAL1=ra, CRVAL2=dec))
    sky = wcs.all_pix2world(east, north, 0)
    assert plane.pixel(*sky) == pytest.approx((east, north), abs=1e-6)
