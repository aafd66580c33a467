"""Label tables are joined by TARGETID."""

import numpy as np
import pyarrow as pa
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from galsearch.core.errors import IngestError
from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.labels import _arrow, labels_of, read_labels
from galsearch.dataset.ingest.run import ingest
from galsearch.sources.fits.fits_writer import table_hdu, write_fits
from tests.damaged_files import assert_only_galsearch_errors
from tests.damaged_fits import damaged_cards
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


def arrow(values, mask=None):
    column = np.asarray(values)
    return _arrow(column if mask is None else np.ma.MaskedArray(column, mask))


def test_masked_values_are_null_and_integers_are_exact():
    big = np.array([4000000000000000001, 4000000000000000002], ">i8")
    assert arrow(big, [True, False]).to_pylist() == [None, 4000000000000000002]
    assert arrow(np.array([2**64 - 1, 3], np.uint64)).to_pylist() == [2**64 - 1, 3]
    assert arrow(np.array([7, 3], np.uint64)).type == pa.int64()
    assert arrow([1.5, np.nan, 2.0], [False, False, True]).to_pylist() == [1.5, None, None]
    assert arrow([b"caf\xe9 ", b"", b"x"]).to_pylist() == ["caf\xe9", None, "x"]
    assert arrow([True, False], [False, True]).to_pylist() == [True, None]


def test_tables_that_disagree_in_types_are_one_error(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [10.0, 11.0], [0.0, 0.0])
    survey.truth("one", {"TARGETID": [5], "KIND": [1], "CLASS": [2**60], "N": [1]})
    survey.truth("two", {"TARGETID": [6], "KIND": ["disk"], "CLASS": [0.5], "N": [2]})
    with pytest.raises(IngestError) as caught:
        ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    one, two = (survey.root / f"truth/{name}.fits" for name in ("one", "two"))
    assert str(caught.value) == (
        f"label tables disagree in types: 'kind' holds int64 in {one}, text in {two}; "
        f"'class' holds int64 in {one}, double in {two}."
    )


def test_an_empty_column_fits_any_type(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [10.0, 11.0], [0.0, 0.0])
    survey.truth("one", {"TARGETID": [5], "KIND": ["  "], "BIG": np.array([2**63], np.uint64)})
    survey.truth("two", {"TARGETID": [6], "KIND": [4], "BIG": [3]})
    ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    dataset = open_dataset(tmp_path / "out")
    assert column(dataset, "kind") == {5: None, 6: 4}
    assert column(dataset, "big") == {5: 2**63, 6: 3}


def write_tables(path, **tables):
    """A FITS file with one table for each keyword, from columns by name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hdus = [fits.BinTableHDU(Table(columns), name=name) for name, columns in tables.items()]
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)


def test_a_label_is_taken_from_the_hdu_that_has_it(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6, 7], [10.0, 11.0, 12.0], [0.0, 0.0, 0.0])
    write_tables(
        survey.root / "truth/fastspec.fits",
        METADATA={"TARGETID": [5, 6], "KIND": ["a", "b"]},
        SPECPHOT={"TARGETID": [6, 7], "LOGMSTAR": [9.5, 10.5], "KIND": ["x", "y"]},
    )
    recipe = survey.recipe('columns = ["LOGMSTAR", "kind"]', cutouts=False, labels=True)
    ingest(recipe, tmp_path / "out")
    dataset = open_dataset(tmp_path / "out")
    assert column(dataset, "logmstar") == {5: None, 6: 9.5, 7: 10.5}
    assert column(dataset, "kind") == {5: "a", 6: "b", 7: None}


def test_the_primary_row_of_a_redshift_catalogue_is_the_label(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    columns = {"TARGETID": [5, 5], "Z": [0.5, 0.1], "ZCAT_PRIMARY": [False, True]}
    write_tables(survey.root / "truth/zall.fits", ZCATALOG=columns)
    report = ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    assert column(open_dataset(tmp_path / "out"), "label_z") == {5: 0.1}
    assert report.noted == {
        "label: row of a TARGETID that is not its primary one (ZCAT_PRIMARY)": 1
    }


def test_rows_without_a_target_id_are_counted(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    table = Table({"TARGETID": MaskedColumn([5, 6], mask=[False, True]), "N": [1, 2]})
    (survey.root / "truth").mkdir()
    table.write(survey.root / "truth/join.fits")
    report = ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    assert (report.n_labels, report.noted) == (1, {"label: row without a TARGETID": 1})
    assert column(open_dataset(tmp_path / "out"), "n") == {5: 1}


def test_damaged_label_tables_raise_only_errors_of_galsearch(tmp_path):
    ids = np.array([FIRST_ID, FIRST_ID + 1])
    columns = {"TARGETID": ids, "Z": [0.5, 0.25], "KIND": ["a", "b"], "L": [True, False]}
    columns["U"] = np.array([1, 2**64 - 1], np.uint64)
    path, beside = tmp_path / "labels", tmp_path / "beside.csv"
    masses = table_hdu("MASSES", {"TARGETID": ids, "MASS": [9.5, 11]}, where="")
    write_fits(path, [fits.PrimaryHDU(), table_hdu("A", columns, where=""), masses])
    originals = [path.read_bytes()]
    masked = Table({"TARGETID": MaskedColumn(ids, mask=[0, 1]), "Z": MaskedColumn([1, 2], mask=1)})
    masked.write(path, format="ascii.ecsv", overwrite=True)
    originals += [path.read_bytes(), b"TARGETID,z,kind,mass\n39633345008634465,0.5,disk,3\n7,,,4\n"]
    beside.write_text("TARGETID,z,kind,mass\n9,1,disk,3.5\n")

    def read(content):
        path.write_bytes(content)
        bad_files = BadFiles(skip=False)
        for wanted in ((), ("mass", "z")):
            labels, _ = read_labels([str(path), str(beside)], wanted, bad_files)
            bad_files.check()
            labels_of(labels, ids)

    assert_only_galsearch_errors(read, originals, copies=60)
    assert_only_galsearch_errors(read, originals[:1], copies=30, damage=damaged_cards)
