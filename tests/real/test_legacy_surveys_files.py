"""Real Legacy Surveys files give the values that were measured on them."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from galsearch.core.errors import SourceError
from galsearch.sources import (
    cut_stamps,
    expand_urls,
    read_cutout,
    read_cutout_header,
    read_table,
    write_cutout,
)


def test_every_real_cutout_is_read_with_its_gaps_masked(real: Path) -> None:
    urls = expand_urls("ls-fits-cutouts/*.fits", base=real)
    assert len(urls) == 12
    masked = {}
    for url in urls:
        cutout, header = read_cutout(url), read_cutout_header(url)
        assert (cutout.bands, header.target_id) == (("g", "r", "z"), None)
        assert cutout.flux.shape == header.shape
        with fits.open(url) as hdus:
            stored = hdus[0].data
            area = 1.0
            if abs(cutout.pixel_scale_arcsec / 0.262 - 1) > 0.01:
                area = (cutout.pixel_scale_arcsec / 0.262) ** 2
            np.testing.assert_allclose(cutout.flux, stored * area, rtol=1e-6)
            np.testing.assert_array_equal(cutout.mask, stored == 0)
            assert cutout.ra_deg == hdus[0].header["CRVAL1"]
        if cutout.mask is not None and cutout.mask.any():
            masked[Path(url).name[:6]] = cutout.mask.sum(axis=(1, 2)).tolist()
    assert masked == {
        "09782d": [136104, 130806, 0],
        "8f25b8": [487, 0, 0],
        "c9ab79": [0, 238, 0],
    }


def test_a_galaxy_has_one_flux_at_two_pixel_scales(real: Path) -> None:
    """The viewer made both files of one galaxy, at 0.262 and at 0.1 arcsec per pixel."""
    totals = []
    for name in ("d33102_temp_small", "ba79bb_example_a"):
        cutout = read_cutout(str(real / f"ls-fits-cutouts/{name}.fits"))
        _, ny, nx = cutout.flux.shape
        rows, columns = np.mgrid[:ny, :nx]
        radius = np.hypot(rows - (ny - 1) / 2, columns - (nx - 1) / 2) * cutout.pixel_scale_arcsec
        totals.append(cutout.flux[:, radius < 8].sum(axis=1))
    np.testing.assert_allclose(totals[0], totals[1], rtol=0.01)


def test_a_real_cutout_is_written_and_read_unchanged(real: Path, tmp_path: Path) -> None:
    cutout = read_cutout(str(real / "ls-fits-cutouts/457431_example_b.fits"))
    assert cutout.pixel_scale_arcsec == pytest.approx(0.262)
    write_cutout(tmp_path / "a.fits", cutout, target_id=None)
    again = read_cutout(str(tmp_path / "a.fits"))
    np.testing.assert_array_equal(again.flux, cutout.flux)
    assert (again.ra_deg, again.dec_deg) == pytest.approx((cutout.ra_deg, cutout.dec_deg))


def test_a_real_table_without_target_ids_is_refused(real: Path) -> None:
    url = str(real / "ls-catalogs/sweep-310m005-320p000.fits")
    with pytest.raises(SourceError, match=r"no column TARGETID or target_id\. Columns: RELEASE, "):
        read_table(url)


def brick_files(real: Path, product: str) -> dict[str, str]:
    name = "ls-brick-dr6/legacysurvey-0959p805-{}-{}.fits.fz"
    return {band: str(real / name.format(product, band)) for band in "gz"}


def test_stamps_of_a_real_brick_have_its_pixels(real: Path) -> None:
    images, invvars = brick_files(real, "image"), brick_files(real, "invvar")
    ra = np.array([96.701, 96.6233, 96.3825, 96.5458])
    dec = np.array([80.3737, 80.405, 80.4793, 80.3702])
    stamps = cut_stamps(images, ra, dec, size_pixels=152, invvar_urls=invvars)
    seen = np.zeros(2, int)
    for plane, band in enumerate("gz"):
        header = fits.getheader(images[band], 1)
        keys = ("CTYPE", "CRVAL", "CRPIX", "CD1_", "CD2_")
        wcs = WCS(fits.Header([card for card in header.cards if card.keyword[:-1] in keys]))
        image, weight = fits.getdata(images[band]), fits.getdata(invvars[band])
        image = np.pad(np.where(weight > 0, image, 0), 200)
        for stamp, (x, y) in zip(stamps, wcs.all_world2pix(np.c_[ra, dec], 0), strict=True):
            row, column = round(y - 75.5) + 200, round(x - 75.5) + 200
            expected = image[row : row + 152, column : column + 152]
            np.testing.assert_array_equal(stamp.flux[plane], expected)
            assert stamp.mask is not None
            np.testing.assert_array_equal(stamp.mask[plane], expected == 0)
            seen[plane] += np.count_nonzero(expected)
    assert seen.tolist() == [79867, 40]


def test_a_stamp_at_the_brightest_pixel_has_it_at_the_centre(real: Path) -> None:
    url = brick_files(real, "image")["g"]
    image = fits.getdata(url)
    y, x = np.unravel_index(np.argmax(image), image.shape)
    header = fits.getheader(url, 1)
    keys = ("CTYPE", "CRVAL", "CRPIX", "CD1_", "CD2_")
    wcs = WCS(fits.Header([card for card in header.cards if card.keyword[:-1] in keys]))
    ra, dec = wcs.all_pix2world(x, y, 0)
    (stamp,) = cut_stamps({"g": url}, float(ra), float(dec), size_pixels=33)
    assert np.unravel_index(np.argmax(stamp.flux[0]), (33, 33)) == (16, 16)
