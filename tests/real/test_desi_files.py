"""Real DESI files give the values that were measured on them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import SourceError
from galsearch.core.spectrum import Spectrum
from galsearch.core.target_id import TargetId, decode_target_id
from galsearch.sources import (
    SpectraFile,
    brick_ids,
    brick_names,
    read_redrock,
    read_spectra_file,
    read_spectra_index,
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
def test_each_row_of_a_real_file_is_a_galaxy_or_counted_as_skipped(real: Path, name: str) -> None:
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


def test_the_brightest_real_galaxy_has_the_known_median_flux(real: Path) -> None:
    read = coadd(real, "desi-fastspecfit/coadd-4-80613-thru20210324.fits")
    assert float(np.median(read.spectra[0].flux)) == pytest.approx(0.913, abs=5e-4)
    assert (read.ra_deg[0], read.dec_deg[0]) == pytest.approx((105.48977, 56.66930), abs=1e-5)
    assert read.columns["mag_r"][0] == pytest.approx(20.564, abs=1e-3)
    assert read.columns["brickname"].tolist() == ["1054p567"]


def test_survey_and_program_are_known_for_healpix_files_only(real: Path) -> None:
    healpix = coadd(real, "desi-specutils/coadd-sv3-dark-26065.fits").columns
    tile = coadd(real, "desi-specutils/coadd-5-169-thru20210419.fits").columns
    assert [healpix[name].tolist() for name in ("survey", "program")] == [["sv3"] * 2, ["dark"] * 2]
    assert [tile[name].tolist() for name in ("survey", "program")] == [[""], [""]]


def test_a_single_exposure_of_a_real_galaxy_equals_its_coadd(real: Path) -> None:
    coadded = coadd(real, "desi-specutils/coadd-sv3-dark-26065.fits").spectra[0]
    exposure = coadd(real, "desi-specutils/spectra-sv3-dark-26065.fits").spectra[0]
    np.testing.assert_allclose(exposure.ivar, coadded.ivar, rtol=1e-6)
    np.testing.assert_allclose(exposure.flux, coadded.flux, rtol=1e-5)


def test_spectra_without_a_fibermap_are_refused(real: Path) -> None:
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


def test_a_coadd_is_not_read_as_a_redrock_file_or_the_reverse(real: Path) -> None:
    folder = real / "desi-fastspecfit"
    with pytest.raises(SourceError, match="so this is not a file of redshifts"):
        read_redrock(str(folder / "coadd-4-80613-thru20210324.fits"))
    with pytest.raises(SourceError, match="HDU B_WAVELENGTH is missing, so this is not a DESI"):
        read_spectra_file(str(folder / "redrock-4-80613-thru20210324.fits"))


def test_every_table_of_the_real_files_is_read_as_by_astropy(real: Path) -> None:
    n_columns = 0
    for path in sorted([*real.glob("desi-*/*.fits"), *real.glob("ls-catalogs/*.fits")]):
        with fits.open(path) as astropy, open_fits(str(path)) as opened:
            assert len(astropy) == len(opened.hdus)
            for astropy_hdu, hdu in zip(astropy, opened.hdus, strict=True):
                if not hdu.is_table:
                    continue
                for name, values in opened.table(hdu).items():
                    np.testing.assert_array_equal(values, astropy_hdu.data[name])
                    n_columns += 1
    assert n_columns > 1500


def test_every_real_brick_name_and_number_is_computed(real: Path) -> None:
    n = 0
    # Sweeps hold each object once; a tractor file reaches into its neighbopened.
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


def test_real_files_are_read_from_a_file_url_and_from_gzip(real: Path, tmp_path: Path) -> None:
    name = "desi-fastspecfit/coadd-4-80613-thru20210324.fits"
    import gzip

    with (real / name).open("rb") as source, gzip.open(tmp_path / "a.fits.gz", "wb", 1) as target:
        shutil.copyfileobj(source, target)
    for url in (f"file://{real.resolve()}/{name}", str(tmp_path / "a.fits.gz")):
        (spectrum,) = read_spectra_file(url).spectra
        assert sums(spectrum) == pytest.approx(SUMS[39633345008634465], rel=1e-6)
