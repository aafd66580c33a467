"""Images and spectra are paired by position or TARGETID; each is used or counted as dropped."""

import numpy as np
import pytest

from galsearch.core.target_id import is_position_id, target_id_from_position
from galsearch.dataset import open_dataset
from galsearch.dataset.healpix import healpix_29
from galsearch.dataset.ingest.run import ingest
from tests.dataset.conftest import FIRST_ID

ARCSEC = 1 / 3600


def test_an_image_without_spectrum_has_an_id_from_its_position(dataset_dir):
    dataset = open_dataset(dataset_dir)
    expected = target_id_from_position(int(healpix_29([40.0], [5.0])[0]))
    batch = dataset.read([expected])
    assert is_position_id(expected)
    assert batch.has_image.tolist() == [True]
    assert batch.has_spectrum.tolist() == [False]
    assert batch.spectrum_mask.all()
    assert batch.image_flux.max() == 99
    assert np.isnan(batch.z[0])


def test_unpaired_galaxies_can_be_dropped_and_are_counted(paired, tmp_path):
    recipe = paired.recipe('[pairing]\nunpaired = "drop"')
    report = ingest(recipe, tmp_path / "out")
    assert (report.n_galaxies, report.n_paired) == (9, 9)
    assert report.dropped == {"image: no spectrum": 1, "spectrum: no image": 2}


def test_of_two_images_the_nearer_one_is_paired(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("far", 10.0, 0.45 * ARCSEC, flux=np.full((3, 152, 152), 2.0))
    survey.cutout("near", 10.0, 0.2 * ARCSEC, flux=np.full((3, 152, 152), 1.0))
    report = ingest(survey.recipe(), tmp_path / "out")
    assert (report.n_paired, report.n_image_only, report.n_ambiguous) == (1, 1, 1)
    assert open_dataset(tmp_path / "out").read([5]).image_flux[0, 0, 0, 0] == 1


def test_a_second_image_of_the_same_target_id_is_dropped(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("far", 10.0, 0.6 * ARCSEC, target_id=5)
    survey.cutout("near", 10.0, 0.2 * ARCSEC, target_id=5)
    report = ingest(survey.recipe(), tmp_path / "out")
    assert (report.n_galaxies, report.n_paired) == (1, 1)
    assert report.dropped == {"image: its TARGETID is another galaxy's": 1}


@pytest.mark.parametrize("by_header", [True, False])
def test_pairing_by_target_id_uses_the_header_then_the_file_name(survey, tmp_path, by_header):
    survey.coadd("main-bright-1", [FIRST_ID, 8], [10.0, 11.0], [0.0, 0.0])
    name = "some-20210324" if by_header else f"cutout-{FIRST_ID}-20210324"
    survey.cutout(name, 10.0, 0.01, target_id=FIRST_ID if by_header else None)
    survey.cutout("other", 11.0, 0.0)
    report = ingest(survey.recipe('[pairing]\nby = "target_id"'), tmp_path / "out")
    assert (report.n_paired, report.n_image_only, report.n_spectrum_only) == (1, 1, 1)
    assert report.separations["largest_arcsec"] == pytest.approx(36.0, rel=1e-6)


def test_an_image_far_from_the_spectrum_of_its_target_id_is_not_paired(survey, tmp_path):
    survey.coadd("main-bright-1", [FIRST_ID], [10.0], [0.0])
    survey.cutout("a", 10.0, 0.5, target_id=FIRST_ID)
    report = ingest(survey.recipe('[pairing]\nby = "target_id"'), tmp_path / "out")
    assert (report.n_paired, report.n_spectrum_only) == (0, 1)
    assert report.dropped == {"image: its TARGETID's spectrum is more than 60 arcsec away": 1}


def test_a_pair_of_different_target_ids_is_counted(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("a", 10.0, 0.0, target_id=6)
    report = ingest(survey.recipe(), tmp_path / "out")
    assert report.noted == {"image: paired by position with a spectrum of another TARGETID": 1}


def test_cutouts_without_a_target_id_are_counted_where_it_pairs(survey, tmp_path):
    survey.coadd("main-bright-1", [FIRST_ID], [150.1204123456789], [2.1])
    survey.cutout("cutout_150.1204123456789_2.1", 150.1204123456789, 2.1)
    report = ingest(survey.recipe('[pairing]\nby = "target_id"'), tmp_path / "out")
    assert (report.n_paired, report.n_image_only) == (0, 1)
    assert report.noted == {"image: no TARGETID in its header or file name": 1}
