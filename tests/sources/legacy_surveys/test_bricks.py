"""Stamps are unchanged pixels of a brick, at the positions of astropy.wcs; gaps are masked."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from galsearch.core.cutout import Cutout
from galsearch.core.errors import SourceError
from galsearch.sources import cut_stamps
from tests.damaged_files import assert_only_galsearch_errors

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


@pytest.fixture
def make_brick(tmp_path: Path) -> Callable[..., str]:
    """Writes a brick image as the survey does, tiles of 40 x 40 quantised; gives its path."""

    def make(name: str, values: np.ndarray, **changes: float) -> str:
        hdu = fits.CompImageHDU(
            values.astype(np.float32),
            wcs_header(**changes),
            compression_type="RICE_1",
            tile_shape=(40, 40),
            quantize_level=16,
            quantize_method=2,
            dither_seed=1,
        )
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / name)
        return str(tmp_path / name)

    return make


@pytest.fixture
def brick(make_brick: Callable[..., str]) -> dict[str, str]:
    """A brick in g and z without exposures in its lower rows and in one pixel of z."""
    rng = np.random.default_rng(5)
    image = rng.normal(size=(2, SIDE, SIDE))
    image[:, :20] = 0
    invvar = np.where(image == 0, 0, 25.0)
    invvar[1, 50, 50] = 0
    return {
        "g": make_brick("image-g.fits.fz", image[0]),
        "z": make_brick("image-z.fits.fz", image[1]),
        "invvar-g": make_brick("invvar-g.fits.fz", invvar[0]),
        "invvar-z": make_brick("invvar-z.fits.fz", invvar[1]),
    }


def stamps_of(brick: dict[str, str], ra: list[float], dec: list[float], size: int) -> list[Cutout]:
    images = {band: brick[band] for band in "gz"}
    invvars = {band: brick[f"invvar-{band}"] for band in "gz"}
    return cut_stamps(images, ra, dec, size_pixels=size, invvar_urls=invvars)


@pytest.mark.parametrize("size", [1, 6, 7])
def test_stamps_have_the_pixels_that_the_slow_version_selects(
    brick: dict[str, str], size: int
) -> None:
    rng = np.random.default_rng(2)
    ra = RA + rng.uniform(-60, 60, 80) * SCALE_DEG / np.cos(np.deg2rad(DEC))
    dec = DEC + rng.uniform(-60, 60, 80) * SCALE_DEG
    stamps = stamps_of(brick, list(ra), list(dec), size)
    wcs = WCS(wcs_header())
    planes = [fits.getdata(brick[band]) for band in "gz"]
    weights = [fits.getdata(brick[f"invvar-{band}"]) for band in "gz"]
    assert len(stamps) == 80
    for stamp, r, d in zip(stamps, ra, dec, strict=True):
        assert (stamp.bands, stamp.ra_deg, stamp.dec_deg) == (("g", "z"), r, d)
        assert stamp.mask is not None
        x, y = (float(value) for value in wcs.all_world2pix(r, d, 0))
        column, row = round(x - (size - 1) / 2), round(y - (size - 1) / 2)
        for band in range(2):
            for i in range(size):
                for j in range(size):
                    inside = 0 <= row + i < SIDE and 0 <= column + j < SIDE
                    seen = inside and weights[band][row + i, column + j] > 0
                    expected = planes[band][row + i, column + j] if seen else 0
                    assert stamp.flux[band, i, j] == expected
                    assert stamp.mask[band, i, j] == (not seen)


def test_many_stamps_are_the_same_as_one_by_one(brick: dict[str, str]) -> None:
    ra = [RA + n * SCALE_DEG for n in range(-50, 50)]
    together = stamps_of(brick, ra, [DEC] * 100, 5)
    for n in (0, 49, 99):
        (alone,) = stamps_of(brick, ra[n : n + 1], [DEC], 5)
        np.testing.assert_array_equal(alone.flux, together[n].flux)
        np.testing.assert_array_equal(alone.mask, together[n].mask)


def test_a_position_outside_the_brick_gives_a_masked_stamp(brick: dict[str, str]) -> None:
    for ra, dec in [(RA + 20, DEC), (RA + 180, -DEC), (RA, -80.0)]:
        (stamp,) = stamps_of(brick, [ra], [dec], 4)
        assert stamp.mask is not None
        assert stamp.mask.all()
        assert not stamp.flux.any()


def test_without_inverse_variance_only_zeros_are_masked(brick: dict[str, str]) -> None:
    (stamp,) = cut_stamps({"z": brick["z"]}, [RA], [DEC], size_pixels=SIDE)
    assert stamp.mask is not None
    np.testing.assert_array_equal(stamp.mask[0], fits.getdata(brick["z"]) == 0)
    assert stamp.mask[0, :20].all()
    assert not stamp.mask[0, 20:].any()


def test_no_positions_give_no_stamps(brick: dict[str, str]) -> None:
    assert stamps_of(brick, [], [], 5) == []


def refusal(images: dict[str, str], invvars: dict[str, str] | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        cut_stamps(images, [RA], [DEC], size_pixels=5, invvar_urls=invvars)
    return str(caught.value)


def test_a_missing_brick_is_named() -> None:
    assert refusal({"g": "brick-g.fits.fz"}) == ("brick-g.fits.fz: no such file.")


def test_inverse_variance_without_its_image_is_refused(brick: dict[str, str]) -> None:
    assert refusal({"g": brick["g"]}, {"z": brick["invvar-z"]}) == (
        "expected an image in each band of a stamp; found images in g and inverse variances in z."
    )
    assert refusal({}) == (
        "expected an image in each band of a stamp; found images in none and inverse "
        "variances in none."
    )


def test_a_coadd_is_not_read_as_a_brick(make_coadd: Callable[..., str]) -> None:
    path = make_coadd(arms={})
    assert refusal({"g": path}) == (
        f"{path}: not a brick image: 0 two-dimensional images, expected one. "
        "HDUs: PRIMARY, FIBERMAP, EXP_FIBERMAP, SCORES."
    )


def test_inverse_variance_of_another_brick_is_refused(
    brick: dict[str, str], make_brick: Callable[..., str]
) -> None:
    other = make_brick("other.fits.fz", np.ones((SIDE, SIDE)), CRVAL1=96.5)
    assert refusal({"g": brick["g"]}, {"g": other}) == (
        f"{other}: (90, 90) pixels about RA 96.50000, Dec 80.50000; the image {brick['g']} has "
        "(90, 90) about RA 95.95000, Dec 80.50000."
    )


def test_bands_of_different_scale_are_refused(
    brick: dict[str, str], make_brick: Callable[..., str]
) -> None:
    coarse = make_brick(
        "coarse.fits.fz", np.ones((SIDE, SIDE)), CD1_1=-2 * SCALE_DEG, CD2_2=2 * SCALE_DEG
    )
    assert refusal({"g": brick["g"], "z": coarse}) == (
        f"{coarse}: 0.524 arcsec per pixel; the first band has 0.262."
    )


def test_an_unknown_compression_is_refused(brick: dict[str, str]) -> None:
    path = Path(brick["g"])
    path.write_bytes(path.read_bytes().replace(b"'RICE_1  '", b"'SLICE_9 '"))
    assert refusal({"g": brick["g"]}) == (
        f"{path}: HDU 1: card ZCMPTYPE is 'SLICE_9'; expected one of RICE_1, RICE_ONE, GZIP_1, "
        "GZIP_2, PLIO_1, HCOMPRESS_1, NOCOMPRESS."
    )


def test_negative_and_nan_inverse_variances_are_masked(make_brick: Callable[..., str]) -> None:
    invvar = np.full((SIDE, SIDE), 25.0)
    invvar[40, 40], invvar[41, 41] = -104.9, np.nan
    images = {"g": make_brick("image.fits", np.ones((SIDE, SIDE)))}
    weights = Path(images["g"]).with_name("invvar.fits")
    fits.HDUList(
        [fits.PrimaryHDU(), fits.ImageHDU(invvar.astype(np.float32), wcs_header())]
    ).writeto(weights)
    (stamp,) = cut_stamps(images, [RA], [DEC], size_pixels=SIDE, invvar_urls={"g": str(weights)})
    assert stamp.mask is not None
    assert np.argwhere(stamp.mask[0]).tolist() == [[40, 40], [41, 41]]


def test_the_unit_of_a_brick_is_honoured(tmp_path: Path) -> None:
    paths = {}
    for unit in ("uJy", "adu"):
        header = wcs_header()
        header["BUNIT"] = unit
        paths[unit] = str(tmp_path / f"{unit}.fits")
        hdu = fits.ImageHDU(np.ones((SIDE, SIDE), np.float32), header)
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(paths[unit])
    (stamp,) = cut_stamps({"g": paths["uJy"]}, [RA], [DEC], size_pixels=4)
    np.testing.assert_allclose(stamp.flux, 1 / 3.631, rtol=1e-6)
    assert refusal({"g": paths["adu"]}) == (
        f"{paths['adu']}: the unit of the image is 'adu' (card BUNIT), which cannot be converted "
        "to nanomaggies per pixel."
    )


def test_bands_of_several_releases_are_refused(brick: dict[str, str]) -> None:
    for name, release in (("g", 9010), ("invvar-g", 9010), ("z", 9010), ("invvar-z", 9011)):
        fits.setval(brick[name], "DRVERSIO", value=release, ext=1)
    images = {band: brick[band] for band in "gz"}
    assert cut_stamps(images, [RA], [DEC], size_pixels=5)
    assert refusal(images, {"z": brick["invvar-z"]}) == (
        f"{brick['invvar-z']}: is of release 9011, but {brick['g']} is of release 9010; expected "
        "the files of a brick from one release, and from the north or the south."
    )


def test_a_brick_whose_pixels_are_too_small_to_be_counted_holds_no_galaxy(
    make_brick: Callable[..., str],
) -> None:
    tiny = make_brick("tiny.fits.fz", np.ones((SIDE, SIDE)), CD1_1=-1e-30, CD2_2=1e-30)
    (stamp,) = cut_stamps({"g": tiny}, [RA + 0.01], [DEC], size_pixels=8)
    assert stamp.mask is not None
    assert stamp.mask.all()


def test_damaged_bricks_raise_only_the_error_of_the_package(
    brick: dict[str, str], tmp_path: Path
) -> None:
    originals = [Path(brick[name]).read_bytes() for name in ("g", "invvar-g")]

    def read_copy(content: bytes) -> None:
        (tmp_path / "copy.fits.fz").write_bytes(content)
        for invvar in (None, {"g": str(tmp_path / "copy.fits.fz")}):
            images = {"g": brick["g"] if invvar else str(tmp_path / "copy.fits.fz")}
            cut_stamps(images, [RA], [DEC], size_pixels=8, invvar_urls=invvar)

    assert_only_galsearch_errors(read_copy, originals, copies=60)
