"""The projection equals that of astropy."""

import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st

from galsearch.core.errors import SourceError
from galsearch.sources.fits.fits_header import Header
from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane, read_tangent_plane

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
    # Columns that a difference of right ascension spans shrink with the cosine of the declination.
    found = plane.sky(east, north)
    assert found[1] == pytest.approx(float(sky[1]), abs=1e-9)
    assert plane.pixel(*found) == pytest.approx((east, north), abs=1e-6)


SCALE = SCALE_DEG
NO_CD = {"CD1_1": None, "CD1_2": None, "CD2_1": None, "CD2_2": None}
FORMS = [
    {},
    {"CD1_2": None, "CD2_1": None},
    {**NO_CD, "CDELT1": -SCALE, "CDELT2": SCALE},
    {**NO_CD, "CDELT1": SCALE, "CDELT2": SCALE, "PC1_1": -1.0},
    {**NO_CD, "CDELT1": -SCALE, "CDELT2": SCALE, "CROTA2": 0.0},
    {**NO_CD, "CDELT1": SCALE, "CDELT2": -SCALE, "CROTA2": 180.0},
    {**NO_CD, "CDELT1": 1.0, "CDELT2": 1.0, "PC1_1": -SCALE, "PC2_2": SCALE},
    {"CDELT1": 5.0, "CDELT2": 5.0, "CUNIT1": "deg", "CUNIT2": "deg", "LONPOLE": 180.0},
    {**NO_CD, "PC1_1": -SCALE, "PC2_2": SCALE},
    {"CRPIX1": 1300.0, "CRPIX2": -900.0, "RADESYS": "FK5", "EQUINOX": 2000.0},
    {"RADESYS": "ICRS", "EQUINOX": 1950.0},
]


@pytest.mark.parametrize("changes", FORMS)
def test_legal_forms_of_the_scale_are_those_of_astropy(changes: dict[str, object]) -> None:
    header = changed_header(changes)
    plane = read_tangent_plane(Header(header.tostring(), where="a.fits"), where="a.fits")
    assert plane.pixel_scale_arcsec == pytest.approx(0.262)
    sky = WCS(header).all_pix2world(10.0, 70.0, 0)
    assert plane.pixel(*sky) == pytest.approx((10.0, 70.0), abs=1e-6)
    assert plane.sky(10.0, 70.0) == pytest.approx([float(value) for value in sky], abs=1e-9)


def changed_header(changes: dict[str, object]) -> fits.Header:
    header = wcs_header()
    for keyword, value in changes.items():
        header.remove(keyword) if value is None else header.set(keyword, value)
    return header


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP"},
            "the projection is RA---TAN-SIP, DEC--TAN-SIP; expected RA---TAN, DEC--TAN.",
        ),
        (
            {"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV"},
            "the projection is RA---TPV, DEC--TPV; expected RA---TAN, DEC--TAN.",
        ),
        (
            {"A_ORDER": 2},
            "the projection has distortions (A_ORDER); expected a plain TAN.",
        ),
        (
            {"PV1_5": 0.1},
            "the projection has distortions (PV1_5); expected a plain TAN.",
        ),
        ({"RADESYS": "FK4"}, "positions are in the system FK4; expected ICRS."),
        ({"EQUINOX": 1950.0}, "positions are of the equinox 1950.0; expected 2000."),
        (
            {"RADESYS": "FK5", "EQUINOX": 2015.5},
            "positions are of the equinox 2015.5; expected 2000.",
        ),
        ({"LONPOLE": 90.0}, "LONPOLE is 90.0, so that north is not up; expected 180."),
        ({"CUNIT1": "pixel"}, "CUNIT1 is pixel; expected deg, arcmin, arcsec or rad."),
        (dict(NO_CD), "the header has no number for CD1_1, CD2_2."),
        (
            {**NO_CD, "CDELT1": -SCALE, "CDELT2": SCALE, "CROTA2": 45.0},
            "the CD matrix is [-5.14617e-05 -5.14617e-05; -5.14617e-05 5.14617e-05] degrees; "
            "expected square pixels with north up and east left.",
        ),
    ],
)
def test_other_projections_are_refused(changes: dict[str, object], message: str) -> None:
    header = Header(changed_header(changes).tostring(), where="a.fits")
    with pytest.raises(SourceError) as caught:
        read_tangent_plane(header, where="a.fits")
    assert str(caught.value) == f"a.fits: {message}"
