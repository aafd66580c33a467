"""Cutouts are read as they were written; files of another kind are refused."""

import io
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from galsearch.core.cutout import Cutout
from galsearch.core.errors import SourceError
from galsearch.core.target_id import MAX_TARGET_ID, TargetId
from galsearch.sources import read_cutout, read_cutout_header, write_cutout
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_fits import damaged_cards

shapes = st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 7))


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_SCRATCH", str(tmp_path))


def scratch_file() -> str:
    return str(Path(os.environ["PYTEST_SCRATCH"]) / "cutout.fits")


def refusal(read: Callable[[str], Any] = read_cutout) -> str:
    with pytest.raises(SourceError) as caught:
        read(scratch_file())
    return str(caught.value).replace(scratch_file(), "cutout.fits")


def write_changed(**cards: Any) -> None:
    """Write a valid cutout (3, 6, 4) with changed cards; None removes a card."""
    write_cutout(
        scratch_file(), Cutout(np.ones((3, 6, 4)), tuple("grz"), 0.262, 150, 2.2), target_id=None
    )
    with fits.open(scratch_file()) as hdus:
        hdu = fits.PrimaryHDU(hdus[0].data, hdus[0].header)
    for keyword, value in cards.items():
        hdu.header.remove(keyword) if value is None else hdu.header.set(keyword, value)
    hdu.writeto(scratch_file(), overwrite=True)


@given(
    data=st.data(),
    shape=shapes,
    scale=st.floats(0.01, 10),
    ra=st.floats(0, 359.99),
    dec=st.floats(-90, 90),
    target=st.none() | st.integers(1, MAX_TARGET_ID).map(TargetId),
)
def test_a_cutout_comes_back_as_it_was_written(
    data: st.DataObject,
    shape: tuple[int, int, int],
    scale: float,
    ra: float,
    dec: float,
    target: TargetId | None,
) -> None:
    values = st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))
    flux = data.draw(hnp.arrays(np.float32, shape, elements=values))
    mask = data.draw(hnp.arrays(bool, shape))
    written = Cutout(flux, tuple("griz")[: shape[0]], scale, ra, dec, mask)
    write_cutout(scratch_file(), written, target_id=target)
    read, header = read_cutout(scratch_file()), read_cutout_header(scratch_file())
    np.testing.assert_array_equal(read.mask, written.mask)
    np.testing.assert_allclose(read.flux, written.flux, rtol=0, atol=1.2e-38)
    assert (read.bands, header.bands) == (written.bands, written.bands)
    assert read.pixel_scale_arcsec == pytest.approx(scale, rel=1e-12)
    assert (read.ra_deg, read.dec_deg) == pytest.approx((ra, dec), abs=1e-11)
    assert (header.ra_deg, header.dec_deg) == (read.ra_deg, read.dec_deg)
    assert (header.shape, header.target_id) == (shape, target)


def test_the_file_has_the_format_of_the_viewer() -> None:
    write_changed()
    with fits.open(scratch_file()) as hdus:
        header = hdus[0].header
        assert hdus[0].data.dtype == ">f4"
        assert [header[f"NAXIS{n}"] for n in (1, 2, 3)] == [4, 6, 3]
        assert [header[k] for k in ("BANDS", "BAND0", "BAND2")] == ["grz", "g", "z"]
        assert (header["CRPIX1"], header["CRPIX2"]) == (2.5, 3.5)
        assert header["CD1_1"] == pytest.approx(-0.262 / 3600)
        assert "TARGETID" not in header


@pytest.mark.parametrize(("scale", "flux"), [(0.131, 0.25), (0.524, 4.0), (0.2625, 1.0)])
def test_flux_of_an_image_that_the_viewer_resampled_is_per_pixel_of_the_file(
    scale: float, flux: float
) -> None:
    write_changed(CD1_1=-scale / 3600, CD2_2=scale / 3600, SURVEY="LegacySurvey")
    np.testing.assert_allclose(read_cutout(scratch_file()).flux, flux, rtol=1e-6)
    write_changed(CD1_1=-scale / 3600, CD2_2=scale / 3600)
    np.testing.assert_array_equal(read_cutout(scratch_file()).flux, 1)


def test_the_same_cutout_makes_the_same_bytes(tmp_path: Path) -> None:
    cutout = Cutout(np.random.default_rng(1).normal(size=(3, 5, 5)), tuple("grz"), 0.262, 1, 2)
    for name in ("a.fits", "b.fits"):
        write_cutout(tmp_path / name, cutout, target_id=TargetId(7))
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


def test_a_target_id_is_stored_as_text() -> None:
    target = TargetId(39633345008634465)
    write_cutout(scratch_file(), Cutout(np.ones((1, 2, 2)), ("r",), 1, 1, 2), target_id=target)
    assert fits.getheader(scratch_file())["TARGETID"] == "39633345008634465"
    assert read_cutout_header(scratch_file()).target_id == target


def test_a_single_band_is_stored_as_a_plane_as_by_the_viewer() -> None:
    write_cutout(scratch_file(), Cutout(np.ones((1, 2, 3)), ("r",), 1, 1, 2), target_id=None)
    assert fits.getdata(scratch_file()).shape == (2, 3)
    assert read_cutout(scratch_file()).flux.shape == (1, 2, 3)


def test_inverse_variance_of_zero_masks_and_maskbits_are_ignored() -> None:
    write_changed()
    invvar = np.ones((3, 6, 4), np.float32)
    invvar[1, 2, 3] = 0
    with fits.open(scratch_file(), mode="append") as hdus:
        hdus.append(fits.ImageHDU(invvar))
        hdus[-1].header["IMAGETYP"] = "INVVAR"
        hdus.append(fits.ImageHDU(np.ones((6, 4), np.int16)))
        hdus[-1].header["IMAGETYP"] = "MASKBITS"
    mask = read_cutout(scratch_file()).mask
    assert mask is not None
    assert np.argwhere(mask).tolist() == [[1, 2, 3]]


def test_an_object_store_gives_the_same_as_a_disk() -> None:
    write_changed()
    fsspec.filesystem("memory").pipe("/sky/cutout.fits", Path(scratch_file()).read_bytes())
    read = read_cutout("memory://sky/cutout.fits")
    np.testing.assert_array_equal(read.flux, read_cutout(scratch_file()).flux)


def test_text_in_place_of_a_cutout_is_quoted() -> None:
    Path(scratch_file()).write_text("no such layer")
    assert refusal() == refusal(read_cutout_header)
    assert refusal() == ("cutout.fits: not a FITS file: it is text that begins 'no such layer'.")


def test_a_truncated_cutout_is_refused_with_its_header() -> None:
    write_changed()
    Path(scratch_file()).write_bytes(Path(scratch_file()).read_bytes()[:3000])
    assert refusal() == refusal(read_cutout_header)
    assert refusal() == (
        "cutout.fits: cut short: HDU 0 (PRIMARY) ends at byte 3168, the file at 3000."
    )


def test_a_coadd_is_not_read_as_a_cutout(make_coadd: Callable[..., str]) -> None:
    os.replace(make_coadd(arms={}), scratch_file())
    assert refusal() == (
        "cutout.fits: not a cutout: the primary HDU has 0 axes and no other HDU holds an image; "
        "expected a cube (bands, ny, nx) or one plane. HDUs: PRIMARY, FIBERMAP, EXP_FIBERMAP, "
        "SCORES."
    )


@pytest.mark.parametrize(
    ("cards", "message"),
    [
        (
            {"BANDS": "gr", "BAND2": None},
            "cutout.fits: not a cutout: BANDS names 2 (g, r) for 3 planes; expected each band "
            "once.",
        ),
        (
            {"BANDS": None, "BAND0": None},
            "cutout.fits: not a cutout: BANDS names 0 (none) for 3 planes; expected each band "
            "once.",
        ),
        (
            {"BAND1": "g"},
            "cutout.fits: not a cutout: BANDS names 3 (g, g, z) for 3 planes; expected each band "
            "once.",
        ),
        (
            {"CTYPE1": None, "CTYPE2": None},
            "cutout.fits: the projection is not stated in CTYPE1 and CTYPE2; expected RA---TAN, "
            "DEC--TAN.",
        ),
        (
            {"CTYPE1": "GLON-TAN", "CTYPE2": "GLAT-TAN"},
            "cutout.fits: the projection is GLON-TAN, GLAT-TAN; expected RA---TAN, DEC--TAN.",
        ),
        (
            {"CRVAL1": None, "CD1_2": None},
            "cutout.fits: the header has no number for CRVAL1.",
        ),
        (
            {"BUNIT": "adu"},
            "cutout.fits: the unit of the image is 'adu' (card BUNIT), which cannot be converted "
            "to nanomaggies per pixel.",
        ),
        (
            {"CD1_1": 1e-4},
            "cutout.fits: the CD matrix is [0.0001 0; 0 7.27778e-05] degrees; expected square "
            "pixels with north up and east left.",
        ),
        (
            {"TARGETID": "galaxy"},
            "cutout.fits: card TARGETID: 'galaxy' is not a TARGETID: expected decimal digits, "
            "such as 39627848784286003.",
        ),
        (
            {"CRVAL2": 91.0},
            "cutout.fits: a cutout needs an ICRS position, found RA 150.0, Dec 91.0.",
        ),
    ],
)
def test_a_file_with_a_contradictory_header_is_refused(cards: dict[str, Any], message: str) -> None:
    write_changed(**cards)
    assert refusal() == message


def test_an_inverse_variance_of_another_shape_is_refused() -> None:
    write_changed()
    with fits.open(scratch_file(), mode="append") as hdus:
        hdus.append(fits.ImageHDU(np.ones((3, 6, 5), np.float32)))
        hdus[-1].header["IMAGETYP"] = "INVVAR"
    assert refusal() == ("cutout.fits: the INVVAR image has shape (3, 6, 5), the image (3, 6, 4).")


def test_a_shifted_reference_pixel_gives_the_position_of_the_centre() -> None:
    write_changed(CRPIX1=1234.5, CRPIX2=-987.0)
    header = read_cutout_header(scratch_file())
    cards = fits.getheader(scratch_file())
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [150, 2.2]
    wcs.wcs.crpix, wcs.wcs.cdelt = [1234.5, -987.0], [cards["CD1_1"], cards["CD2_2"]]
    sky = [float(value) for value in wcs.all_pix2world(1.5, 2.5, 0)]
    assert (header.ra_deg, header.dec_deg) == pytest.approx(sky, abs=1e-10)
    assert read_cutout(scratch_file()).ra_deg == header.ra_deg


def test_units_of_flux_are_converted() -> None:
    write_changed(BUNIT="uJy")
    np.testing.assert_allclose(read_cutout(scratch_file()).flux, 1 / 3.631, rtol=1e-6)
    write_changed(BUNIT="nanomaggy")
    assert (read_cutout(scratch_file()).flux == 1).all()


def test_negative_and_nan_inverse_variances_and_blank_pixels_are_masked() -> None:
    stored = np.full((1, 2, 3), 7, ">i2")
    stored[0, 0, 0] = -32768
    write_cutout(scratch_file(), Cutout(np.ones((1, 2, 3)), ("r",), 1, 1, 2), target_id=None)
    header = fits.getheader(scratch_file())
    header["BSCALE"], header["BZERO"], header["BLANK"] = 0.5, 1.0, -32768
    header["BITPIX"] = 16
    invvar = fits.ImageHDU(np.array([[1, -104.9, np.nan], [np.inf, 0, 1]], np.float32))
    invvar.header["IMAGETYP"] = "INVVAR"
    content = header.tostring().encode() + stored.tobytes().ljust(2880, b"\0")
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), invvar]).writeto(stream)
    Path(scratch_file()).write_bytes(content + stream.getvalue()[2880:])
    read = read_cutout(scratch_file())
    assert read.mask is not None
    assert read.mask[0].tolist() == [[True, True, True], [False, True, False]]
    assert read.flux[0].tolist() == [[0, 0, 0], [4.5, 0, 4.5]]


def test_damaged_cutouts_raise_only_the_error_of_the_package() -> None:
    write_changed()
    plain = Path(scratch_file()).read_bytes()
    packed = fits.CompImageHDU(np.ones((3, 6, 4), np.float32), fits.getheader(scratch_file()))
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(scratch_file(), overwrite=True)

    originals = [plain, Path(scratch_file()).read_bytes()]
    header = fits.getheader(scratch_file(), 1)
    header.remove("BANDS")
    hdus: list[Any] = [fits.PrimaryHDU()]
    for band, kind in itertools.product("gr", ("image", "invvar")):
        header["BAND"], header["IMAGETYP"] = band, kind
        hdus.append(fits.CompImageHDU(np.ones((6, 4), np.float32), header))
    fits.HDUList(hdus).writeto(scratch_file(), overwrite=True)
    originals.append(Path(scratch_file()).read_bytes())

    def read_copy(content: bytes) -> None:
        Path(scratch_file()).write_bytes(content)
        header = read_cutout_header(scratch_file())
        # The pixels of a file may be damaged where its headers are not.
        assert read_cutout(scratch_file()).flux.shape == header.shape

    assert_only_galsearch_errors(read_copy, originals, copies=90)
    assert_only_galsearch_errors(read_copy, originals, copies=30, damage=damaged_cards)
