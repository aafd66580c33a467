"""Images of a cutout are found in any HDU, as the viewer of the Legacy Surveys writes them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from galsearch.core.errors import SourceError
from galsearch.sources import read_cutout, read_cutout_header

SHAPE = (3, 6, 4)


def wcs_cards(**changes: Any) -> fits.Header:
    header = fits.Header()
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = 150.125, 2.125
    header["CRPIX1"], header["CRPIX2"] = 566.5, 813.5
    header["CD1_1"], header["CD2_2"] = -0.262 / 3600, 0.262 / 3600
    header.update(changes)
    return header


def plane_hdu(values: np.ndarray, band: str, kind: str, **changes: Any) -> fits.ImageHDU:
    header = wcs_cards(BRICK="1501p020", BAND=band, IMAGETYP=kind, **changes)
    return fits.ImageHDU(values.astype(np.float32), header)


@pytest.fixture
def cube() -> np.ndarray:
    return np.random.default_rng(1).normal(size=SHAPE).astype(np.float32)


def test_native_pixels_of_one_brick_are_one_cutout(cube: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "subimage.fits"
    invvar = np.ones(SHAPE[1:])
    invvar[2, 3] = -1
    hdus = [fits.PrimaryHDU()]
    for row, band in enumerate("grz"):
        hdus.append(plane_hdu(cube[row], band, "image"))
        hdus.append(plane_hdu(invvar if band == "r" else np.ones(SHAPE[1:]), band, "invvar"))
    fits.HDUList(hdus).writeto(path)
    read = read_cutout(str(path))
    assert read.mask is not None
    assert (read.bands, read.pixel_scale_arcsec) == (("g", "r", "z"), pytest.approx(0.262))
    assert np.argwhere(read.mask).tolist() == [[1, 2, 3]]
    np.testing.assert_array_equal(read.flux, np.where(read.mask, 0, cube))
    sky = [float(value) for value in WCS(hdus[1].header).all_pix2world(1.5, 2.5, 0)]
    assert (read.ra_deg, read.dec_deg) == pytest.approx(sky, abs=1e-10)
    assert read_cutout_header(str(path)).shape == SHAPE


def test_an_image_in_a_compressed_hdu_is_read(cube: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "packed.fits"
    header = wcs_cards(BANDS="grz", IMAGETYP="IMAGE", TARGETID="39627848784286003")
    hdu = fits.CompImageHDU(cube, header, compression_type="GZIP_1", quantize_level=0)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    np.testing.assert_array_equal(read_cutout(str(path)).flux, cube)
    assert read_cutout_header(str(path)).target_id == 39627848784286003


def test_a_plane_of_inverse_variance_is_for_all_bands(cube: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "cutout.fits"
    invvar = np.ones(SHAPE[1:], np.float32)
    invvar[0, 1] = 0
    image = fits.PrimaryHDU(cube, wcs_cards(BANDS="grz"))
    weights = fits.ImageHDU(invvar, wcs_cards(IMAGETYP="INVVAR"))
    fits.HDUList([image, weights]).writeto(path)
    mask = read_cutout(str(path)).mask
    assert mask is not None
    assert np.argwhere(mask).tolist() == [[0, 0, 1], [1, 0, 1], [2, 0, 1]]


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        read_cutout(str(path))
    return str(caught.value)


def test_pixels_of_several_bricks_are_refused(cube: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "subimage.fits"
    planes = [plane_hdu(cube[0], "g", "image"), plane_hdu(cube[1], "g", "image")]
    fits.HDUList([fits.PrimaryHDU(), *planes]).writeto(path)
    assert refusal(path) == (
        f"{path}: not one cutout: band g has 2 images, since the field lies in several bricks; "
        "expected each band once. A cutout of the viewer without 'subimage' is one image."
    )


@pytest.mark.parametrize("changes", [{"CRPIX1": 567.5}, {"CRVAL2": 2.2}])
def test_bands_of_other_pixels_are_refused(
    changes: dict[str, float], cube: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "subimage.fits"
    planes = [plane_hdu(cube[0], "g", "image"), plane_hdu(cube[1], "r", "image", **changes)]
    fits.HDUList([fits.PrimaryHDU(), *planes]).writeto(path)
    assert refusal(path) == (
        f"{path}: the image of band r has shape (6, 4) or a position that differs from the first "
        "image ((6, 4)); expected planes of the same pixels."
    )


def test_an_image_without_pixels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cutout.fits"
    header = wcs_cards(BANDS="grz")
    cards = {"SIMPLE": True, "BITPIX": -32, "NAXIS": 3, "NAXIS1": 0, "NAXIS2": 6, "NAXIS3": 3}
    content = fits.Header([*cards.items(), *header.items()]).tostring()
    path.write_bytes(content.encode())
    assert refusal(path) == (
        f"{path}: not a cutout: the primary HDU has 3 axes and no other HDU holds an image; "
        "expected a cube (bands, ny, nx) or one plane. HDUs: PRIMARY."
    )
