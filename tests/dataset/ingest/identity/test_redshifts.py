"""A spectrum has the redshift that was fitted to it, or the best other fit of its TARGETID."""

from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.run import ingest
from tests.dataset.conftest import column


def test_another_fit_without_warning_is_used_where_the_own_fit_is_missing(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [1.0, 2.0], [0.0, 0.0])
    survey.redrock("sv1-dark-1", [5], [0.4], zwarn=4)
    survey.redrock("sv3-dark-1", [5], [0.5])
    ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert column(open_dataset(tmp_path / "out"), "z") == {5: 0.5, 6: None}


def test_a_redrock_file_without_rows_is_no_obstacle(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [1.0], [0.0])
    survey.redrock("main-bright-1", [], [])
    survey.redrock("sv3-dark-1", [5], [0.5])
    ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert column(open_dataset(tmp_path / "out"), "z") == {5: 0.5}
