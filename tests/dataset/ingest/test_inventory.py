"""Rows of survey files are listed once for each TARGETID, or dropped for a reason."""

import numpy as np
import pytest
from astropy.io import fits

from galsearch.core.errors import BadFilesError
from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.identity.brick_choice import Brick
from galsearch.dataset.ingest.inventory import check_bricks
from galsearch.dataset.ingest.run import ingest
from tests.sources.legacy_surveys.test_brick_header import write_image


def test_rows_that_are_not_galaxies_are_counted_by_reason(survey, tmp_path):
    survey.coadd(
        "main-bright-1",
        [-5, 6, 7, 8],
        np.zeros(4),
        np.arange(4.0),
        ivar=np.array([4.0, 4.0, 0.0, 4.0])[:, None] * np.ones((4, 1)),
        fibermap={"COADD_FIBERSTATUS": np.array([0, 0, 0, 1 << 16])},
    )
    report = ingest(survey.recipe(cutouts=False), tmp_path / "out")
    assert report.dropped == {
        "spectrum: fibre status": 1,
        "spectrum: negative TARGETID": 1,
        "spectrum: no valid pixels": 1,
    }
    assert report.n_spectra == 4


def test_the_coadd_of_largest_summed_ivar_is_chosen(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [1.0, 2.0], [0.0, 0.0], ivar=1.0)
    survey.coadd("main-dark-1", [6, 5], [2.0, 1.0], [0.0, 0.0], ivar=9.0)
    survey.coadd("sv3-dark-1", [6], [2.0], [0.0], ivar=3.0)
    for name, ids, z in (
        ("main-bright-1", [5, 6], [0.1, 0.2]),
        ("main-dark-1", [6, 5], [0.8, 0.7]),
    ):
        survey.redrock(name, ids, z, zwarn=4 if "dark" in name else 0)
    report = ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert report.dropped == {"spectrum: coadd of smaller ivar": 3}
    batch = open_dataset(tmp_path / "out").read([5, 6])
    assert np.median(batch.spectrum_ivar, axis=1).tolist() == [9.0, 9.0]
    assert batch.z.tolist() == [0.7, 0.8], "the redshift fitted to that spectrum"


def test_a_brick_of_north_and_south_is_a_bad_file(tmp_path):
    images = {}
    for band, camera in (("g", "90prime"), ("r", "DECam"), ("z", "Mosaic3")):
        images[band] = str(tmp_path / f"image-{band}.fits.fz")
        write_image(images[band])
        fits.setval(images[band], "INSTRUME", value=camera, ext=1)
    bad_files = BadFiles(skip=False)
    check_bricks([Brick("a", {"g": images["g"], "z": images["z"]}, {})], bad_files)
    bad_files.check()
    check_bricks([Brick("a", images, {})], bad_files)
    with pytest.raises(BadFilesError) as caught:
        bad_files.check()
    assert str(caught.value) == (
        f"{images['r']}: is of camera DECam (south), but {images['g']} is of camera 90prime "
        "(north); expected the files of a brick from one release, and from the north or the south."
    )
