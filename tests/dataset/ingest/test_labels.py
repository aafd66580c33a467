"""Label tables are joined by TARGETID."""

import pytest

from galsearch.core.errors import IngestError
from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.run import ingest
from tests.dataset.conftest import FIRST_ID, column


def test_redshifts_and_labels_are_joined_by_target_id(dataset_dir):
    dataset = open_dataset(dataset_dir)
    z, kind = column(dataset, "z"), column(dataset, "kind")
    assert z[FIRST_ID + 3] == pytest.approx(0.4)
    assert z[FIRST_ID + 7] is None
    assert kind[FIRST_ID + 7] == "disk"
    assert kind[FIRST_ID + 8] is None
    assert column(dataset, "label_z")[FIRST_ID + 2] == 2.0, "a label must not replace a redshift"
    assert column(dataset, "count")[FIRST_ID + 2] == 2
    assert column(dataset, "mag_r")[FIRST_ID] == pytest.approx(20.0)
    assert column(dataset, "mag_g")[FIRST_ID] is None
    assert column(dataset, "survey")[FIRST_ID] == "main"


def test_several_label_rows_of_one_target_are_an_error(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.truth("one", {"TARGETID": [5, 6], "MASS": [1.0, 2.0]})
    survey.truth("two", {"TARGETID": [6], "MASS": [3.0]})
    with pytest.raises(IngestError) as caught:
        ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    folder = survey.root / "truth"
    assert str(caught.value) == (
        f"1 TARGETIDs have several rows in the label tables, first 6 in {folder}/one.fits, "
        f"{folder}/two.fits; expected one row for each TARGETID."
    )


def test_a_label_that_no_table_has_is_an_error(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.truth("one", {"TARGETID": [5], "MASS": [1.0]})
    recipe = survey.recipe('columns = ["mass", "AGE"]', cutouts=False, labels=True)
    with pytest.raises(IngestError) as caught:
        ingest(recipe, tmp_path / "out")
    assert str(caught.value) == (
        "no label table has the column age with one value in each row; found mass."
    )


def test_label_tables_may_have_different_columns(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [10.0, 11.0], [0.0, 0.0])
    survey.truth("one", {"TARGETID": [5], "MASS": [1]})
    survey.truth("two", {"TARGETID": [6], "MASS": [2.5], "AGE": [4.0]})
    ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    dataset = open_dataset(tmp_path / "out")
    assert column(dataset, "mass") == {5: 1.0, 6: 2.5}
    assert column(dataset, "age") == {5: None, 6: 4.0}
