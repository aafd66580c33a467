"""Images without a measurement are found when their pixels are read."""

import numpy as np

from galsearch.dataset.ingest.run import ingest


def test_an_image_without_a_measured_pixel_is_dropped(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("blank", 10.0, 0.0, flux=np.zeros((3, 152, 152)))
    survey.cutout("alone", 20.0, 0.0, flux=np.zeros((3, 152, 152)))
    report = ingest(survey.recipe(), tmp_path / "out")
    assert (report.n_galaxies, report.n_spectrum_only) == (1, 1)
    assert report.dropped == {"image: no measurement": 2}


def test_a_galaxy_whose_image_is_unmeasured_is_dropped_with_the_unpaired(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [10.0, 20.0], [0.0, 0.0])
    survey.cutout("blank", 10.0, 0.0, flux=np.zeros((3, 152, 152)))
    survey.cutout("good", 20.0, 0.0)
    report = ingest(survey.recipe('[pairing]\nunpaired = "drop"'), tmp_path / "out")
    assert (report.n_galaxies, report.n_paired) == (1, 1)
    assert report.dropped == {"image: no measurement": 1, "spectrum: no image": 1}
