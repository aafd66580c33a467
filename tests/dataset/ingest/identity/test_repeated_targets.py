"""One spectrum is kept for each TARGETID; those at another position are another object's."""

import numpy as np

from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.identity.repeated_targets import choose_spectra
from galsearch.dataset.ingest.run import ingest
from tests.dataset.conftest import column


def test_spectra_are_dropped_for_the_reason_that_fits():
    urls = ("fuji/coadd-a.fits", "iron/coadd-a.fits", "iron/coadd-b.fits", "iron/coadd-c.fits")
    chosen = choose_spectra(
        np.array([7, 7, 7, 7, 8]),
        np.array([10.0, 10.0, 10.0, 10.001, 10.0]),
        np.zeros(5),
        np.array([2.0, 1.0, 1.5, 1.9, 1.0]),
        np.array([0, 1, 2, 3, 3]),
        urls,
        max_separation_arcsec=1.5,
    )
    assert chosen.rows.tolist() == [0, 4]
    assert chosen.at_several_positions.tolist() == [7]
    assert chosen.dropped == {
        "another position": 1,
        "coadd of smaller ivar": 1,
        "coadd of the same name in another folder, of smaller ivar": 1,
    }


def test_one_target_id_at_two_positions_is_never_joined(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [10.0, 11.0], [0.0, 0.0], ivar=9.0)
    survey.coadd("main-backup-9", [5], [10.5], [0.25], ivar=1.0)
    survey.redrock("main-backup-9", [5], [0.4])
    survey.redrock("main-bright-1", [6], [0.2])
    report = ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert report.dropped == {"spectrum: another position": 1}
    dataset = open_dataset(tmp_path / "out")
    assert column(dataset, "ra_deg") == {5: 10.0, 6: 11.0}
    assert column(dataset, "z") == {5: None, 6: 0.2}, "the fit to the other object is not used"
