"""Real bytes of DESI and the Legacy Surveys give the figures that were measured on them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS

from galsearch.core.errors import SourceError
from galsearch.core.spectrum import Spectrum
from galsearch.core.target_id import TargetId, decode_target_id
from galsearch.sources import (
    SpectraFile,
    brick_ids,
    brick_names,
    cut_stamps,
    expand_urls,
    read_cutout,
    read_cutout_header,
    read_redrock,
    read_spectra_file,
    read_spectra_index,
    read_table,
    write_cutout,
)
from galsearch.sources.fits.fits_file import open_fits

SUMS = {
    # TARGETID: sum(flux * ivar), sum(ivar), pixels without measurement
    39633345008634465: (291714.04, 344387.94, 0),
    39627866878511337: (45419.594, 132626.88, 35),
    39627866878514741: (35287.92, 131422.13, 0),
}
COADDS = {
    "desi-specutils/coadd-sv3-dark-26065.fits": (
        [39627866878511337, 39627866878514741],
        {"negative TARGETID": 2, "sky": 1},
    ),
    "desi-specutils/coadd-5-169-thru20210419.fits": (
        [39633300968442591],
        {"negative TARGETID": 3, "fibre status": 1},
    ),
    "desi-specutils/spectra-sv3-dark-26065.fits": (
        [39627866878511337],
        {"negative TARGETID": 2, "sky": 1, "fibre status": 1},
    ),
    "desi-specutils/spectra-5-169-thru20210419.fits": (
        [39633300968442591],
        {"negative TARGETID": 3, "fibre status": 1},
    ),
    "desi-fastspecfit/coadd-4-80613-thru20210324.fits": ([39633345008634465], {}),
}


def sums(spectrum: Spectrum) -> tuple[float, float, int]:
    flux, ivar = spectrum.flux.astype(float), spectrum.ivar.astype(float)
    return float((flux * ivar).sum()), float(ivar.sum()), int((spectrum.ivar == 0).sum())


@pytest.mark.parametrize("name", COADDS)
def test_each_row_of_a_real_file_is_a_galaxy_or_a_reason(real: Path, name: str) -> None:
    ids, skipped = COADDS[name]
    read = read_spectra_file(str(real / name))
    assert read.target_ids.tolist() == ids
    assert read.skipped == skipped
    assert read.n_rows == len(ids) + sum(skipped.values())
    index = read_spectra_index(str(real / name))
    assert (index.target_ids.tolist(), index.skipped, index.spectra) == (ids, skipped, [])
    for target, spectrum in zip(read.target_ids.tolist(), read.spectra, strict=True):
        assert spectrum.flux.shape == (7781,)
        if target in SUMS and "coadd" in name:
            assert sums(spectrum) == pytest.approx(SUMS[target], rel=1e-6)


def coadd(real: Path, name: str) -> SpectraFile:
    return read_spectra_file(str(real / name))


def test_the_brightest_real_galaxy_has_the_median_that_was_measured(real: Path) -> None:
    read = coadd(real, "desi-fastspecfit/coadd-4-80613-thru20210324.fits")
    assert float(np.median(read.spectra[0].flux)) == pytest.approx(0.913, abs=5e-4)
    assert (read.ra_deg[0], read.dec_deg[0]) == pytest.approx((105.48977, 56.66930), abs=1e-5)
    assert read.columns["mag_r"][0] == pytest.approx(20.564, abs=1e-3)
    assert read.columns["brickname"].tolist() == ["1054p567"]


def test_survey_and_program_come_from_a_healpix_file_and_are_unknown_of_a_tile(real: Path) -> None:
    healpix = coadd(real, "desi-specutils/coadd-sv3-dark-26065.fits").columns
    tile = coadd(real, "desi-specutils/coadd-5-169-thru20210419.fits").columns
    assert [healpix[name].tolist() for name in ("survey", "program")] == [["sv3"] * 2, ["dark"] * 2]
    assert [tile[name].tolist() for name in ("survey", "program")] == [[""], [""]]


def test_a_single_exposure_of_a_real_galaxy_is_its_coadd(real: Path) -> None:
    coadded = coadd(real, "desi-specutils/coadd-sv3-dark-26065.fits").spectra[0]
    exposure = coadd(real, "desi-specutils/spectra-sv3-dark-26065.fits").spectra[0]
    np.testing.assert_allclose(exposure.ivar, coadded.ivar, rtol=1e-6)
    np.testing.assert_allclose(exposure.flux, coadded.flux, rtol=1e-5)


def test_spectra_by_camera_alone_are_no_coadd(real: Path) -> None:
    path = real / "desi-quasarnp/test_coadd.fits"
    with pytest.raises(SourceError) as caught:
        read_spectra_file(str(path))
    assert str(caught.value) == (
        f"{path}: HDU FIBERMAP is missing, so this is not a DESI coadd or spectra file. It holds: "
        "PRIMARY, B_FLUX, B_IVAR, B_WAVELENGTH, R_FLUX, R_IVAR, R_WAVELENGTH, Z_FLUX, Z_IVAR, "
        "Z_WAVELENGTH."
    )


def test_a_real_coadd_cut_short_is_refused(real: Path, tmp_path: Path) -> None:
    content = (real / "desi-specutils/coadd-sv3-dark-26065.fits").read_bytes()
    (tmp_path / "cut.fits").write_bytes(content[:1_500_000])
    with pytest.raises(SourceError) as caught:
        read_spectra_file(str(tmp_path / "cut.fits"))
    assert str(caught.value) == (
        f"{tmp_path}/cut.fits: cut short: HDU 12 (R_RESOLUTION) ends at byte 1545640, the file at "
        "1500000."
    )


def test_real_redshifts_are_read(real: Path) -> None:
    read = read_redrock(str(real / "desi-fastspecfit/redrock-4-80613-thru20210324.fits"))
    assert read.target_ids.tolist() == [39633345008634465]
    assert read.z.tolist() == pytest.approx([0.36874], abs=1e-5)
    assert (read.zwarn.tolist(), read.spectype.tolist()) == ([0], ["GALAXY"])


def test_a_coadd_is_no_redrock_file_and_the_other_way_round(real: Path) -> None:
    folder = real / "desi-fastspecfit"
    with pytest.raises(SourceError, match="HDU REDSHIFTS is missing, so this is not a redrock"):
        read_redrock(str(folder / "coadd-4-80613-thru20210324.fits"))
    with pytest.raises(SourceError, match="HDU B_WAVELENGTH is missing, so this is not a DESI"):
        read_spectra_file(str(folder / "redrock-4-80613-thru20210324.fits"))


def test_every_table_of_the_real_files_is_as_astropy_reads_it(real: Path) -> None:
    n_columns = 0
    for path in sorted([*real.glob("desi-*/*.fits"), *real.glob("ls-catalogs/*.fits")]):
        with fits.open(path) as astropy, open_fits(str(path)) as ours:
            assert len(astropy) == len(ours.hdus)
            for theirs, hdu in zip(astropy, ours.hdus, strict=True):
                if not hdu.is_table:
                    continue
                for name, values in ours.table(hdu).items():
                    np.testing.assert_array_equal(values, theirs.data[name])
                    n_columns += 1
    assert n_columns > 1500


def test_every_real_brick_name_and_number_is_reproduced(real: Path) -> None:
    n = 0
    # Sweeps hold each object once; a tractor file reaches into its neighbours.
    for path in sorted(real.glob("ls-catalogs/sweep-*.fits")):
        with open_fits(str(path)) as file:
            rows = file.table(file.hdus[1])
        assert brick_names(rows["RA"], rows["DEC"]).tolist() == rows["BRICKNAME"].tolist()
        assert brick_ids(rows["RA"], rows["DEC"]).tolist() == rows["BRICKID"].tolist()
        n += len(rows["RA"])
    for name in COADDS:
        with open_fits(str(real / name)) as file:
            rows = file.table(file.find("FIBERMAP", file_kind="it"))
        for row in np.flatnonzero((rows["TARGETID"] > 0) & (rows["OBJTYPE"] == "TGT")):
            position = (rows["TARGET_RA"][row], rows["TARGET_DEC"][row])
            assert brick_names(*position).tolist() == [rows["BRICKNAME"][row]]
            parts = decode_target_id(TargetId(int(rows["TARGETID"][row])))
            assert int(brick_ids(*position)[0]) == rows["BRICKID"][row] == parts.brickid
            n += 1
    assert n == 27


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
            np.testing.assert_array_equal(cutout.flux, stored)
            np.testing.assert_array_equal(cutout.mask, stored == 0)
            assert cutout.ra_deg == hdus[0].header["CRVAL1"]
        if cutout.mask is not None and cutout.mask.any():
            masked[Path(url).name[:6]] = cutout.mask.sum(axis=(1, 2)).tolist()
    assert masked == {
        "09782d": [136104, 130806, 0],
        "8f25b8": [487, 0, 0],
        "c9ab79": [0, 238, 0],
    }


def test_a_real_cutout_survives_our_writer(real: Path, tmp_path: Path) -> None:
    cutout = read_cutout(str(real / "ls-fits-cutouts/457431_example_b.fits"))
    assert cutout.pixel_scale_arcsec == pytest.approx(0.262)
    write_cutout(tmp_path / "a.fits", cutout, target_id=None)
    again = read_cutout(str(tmp_path / "a.fits"))
    np.testing.assert_array_equal(again.flux, cutout.flux)
    assert (again.ra_deg, again.dec_deg) == pytest.approx((cutout.ra_deg, cutout.dec_deg))


def test_a_label_table_without_ids_says_so(real: Path) -> None:
    url = str(real / "ls-catalogs/sweep-310m005-320p000.fits")
    with pytest.raises(SourceError, match=r"no column TARGETID or target_id\. Columns: RELEASE, "):
        read_table(url)


def brick_files(real: Path, product: str) -> dict[str, str]:
    name = "ls-brick-dr6/legacysurvey-0959p805-{}-{}.fits.fz"
    return {band: str(real / name.format(product, band)) for band in "gz"}


def test_stamps_of_a_real_brick_are_its_pixels(real: Path) -> None:
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


def test_a_position_on_the_brightest_real_pixel_has_it_in_the_middle(real: Path) -> None:
    url = brick_files(real, "image")["g"]
    image = fits.getdata(url)
    y, x = np.unravel_index(np.argmax(image), image.shape)
    header = fits.getheader(url, 1)
    keys = ("CTYPE", "CRVAL", "CRPIX", "CD1_", "CD2_")
    wcs = WCS(fits.Header([card for card in header.cards if card.keyword[:-1] in keys]))
    ra, dec = wcs.all_pix2world(x, y, 0)
    (stamp,) = cut_stamps({"g": url}, float(ra), float(dec), size_pixels=33)
    assert np.unravel_index(np.argmax(stamp.flux[0]), (33, 33)) == (16, 16)


def test_real_files_are_read_from_a_file_url_and_gzipped(real: Path, tmp_path: Path) -> None:
    name = "desi-fastspecfit/coadd-4-80613-thru20210324.fits"
    import gzip

    with (real / name).open("rb") as source, gzip.open(tmp_path / "a.fits.gz", "wb", 1) as target:
        shutil.copyfileobj(source, target)
    for url in (f"file://{real.resolve()}/{name}", str(tmp_path / "a.fits.gz")):
        (spectrum,) = read_spectra_file(url).spectra
        assert sums(spectrum) == pytest.approx(SUMS[39633345008634465], rel=1e-6)
