"""Survey files become a dataset, and every input row is accounted for."""

import json

import numpy as np
import pytest

from galsearch.core.errors import ConfigError, DatasetError, SourceError
from galsearch.core.target_id import is_position_id, target_id_from_position
from galsearch.dataset import IngestRecipe, open_dataset, read_recipe
from galsearch.dataset.healpix import healpix_29
from galsearch.dataset.ingest.run import ingest
from galsearch.sources.desi.spectra_file import read_spectra_file

FIRST_ID = 39627848784286003
ARCSEC = 1 / 3600


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".part"))


def column(dataset, name):
    return dict(zip(dataset.target_ids.tolist(), dataset.catalogue[name].to_pylist(), strict=True))


def test_every_row_is_accounted_for(paired, dataset_dir):
    report = json.loads((dataset_dir / "ingest_report.json").read_text())
    assert {key: report[key] for key in report if key != "separations"} == {
        "name": "tiny",
        "n_galaxies": 12,
        "n_spectra": 11,
        "n_images": 10,
        "n_paired": 9,
        "n_image_only": 1,
        "n_spectrum_only": 2,
        "dropped": {},
        "n_ambiguous": 0,
        "n_with_redshift": 6,
        "n_labels": 8,
        "n_labelled": 8,
        "n_partitions": 4,
    }
    assert report["separations"]["median_arcsec"] == pytest.approx(0.1, abs=1e-4)


def test_a_paired_galaxy_has_its_own_pixels(paired, dataset_dir):
    dataset = open_dataset(dataset_dir)
    batch = dataset.read(FIRST_ID + np.arange(9))
    assert batch.image_flux[:, 0, 0, 0].tolist() == list(range(1, 10))
    for name, ids in (("main-bright-1", range(6)), ("main-bright-2", range(6, 9))):
        url = str(paired.root / f"spectra/coadd-{name}.fits")
        source = read_spectra_file(url)
        for i in ids:
            spectrum = source.spectra[source.target_ids.tolist().index(FIRST_ID + i)]
            np.testing.assert_array_equal(batch.spectrum_flux[i], spectrum.flux)
            np.testing.assert_array_equal(batch.spectrum_ivar[i], spectrum.ivar)
            np.testing.assert_array_equal(batch.spectrum_mask[i], spectrum.mask)


def test_a_lone_image_is_called_by_its_position(dataset_dir):
    dataset = open_dataset(dataset_dir)
    expected = target_id_from_position(int(healpix_29([40.0], [5.0])[0]))
    batch = dataset.read([expected])
    assert is_position_id(expected)
    assert batch.has_image.tolist() == [True]
    assert batch.has_spectrum.tolist() == [False]
    assert batch.spectrum_mask.all()
    assert batch.image_flux.max() == 99
    assert np.isnan(batch.z[0])


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


def test_unpaired_galaxies_can_be_dropped_and_are_counted(paired, tmp_path):
    recipe = paired.recipe('[pairing]\nunpaired = "drop"')
    report = ingest(recipe, tmp_path / "out")
    assert (report.n_galaxies, report.n_paired) == (9, 9)
    assert report.dropped == {"image: no spectrum": 1, "spectrum: no image": 2}


def test_images_alone_make_a_dataset(survey, tmp_path):
    survey.cutout("a", 10.0, 0.0)
    survey.cutout("b", 11.0, 0.0, target_id=7, bands=("g", "r"))
    report = ingest(survey.recipe(spectra=False), tmp_path / "out")
    assert (report.n_galaxies, report.n_image_only) == (2, 2)
    batch = open_dataset(tmp_path / "out").read([7])
    assert batch.image_mask[0].all(axis=(1, 2)).tolist() == [False, False, True]


def test_spectra_alone_make_a_dataset(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 9], [1.0, 2.0], [3.0, 4.0])
    report = ingest(survey.recipe(cutouts=False), tmp_path / "out")
    assert (report.n_galaxies, report.n_spectrum_only, report.n_images) == (2, 2, 0)
    assert open_dataset(tmp_path / "out").read([9]).image_mask.all()


def test_rows_that_are_no_galaxies_are_counted(survey, tmp_path):
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
        "spectrum: no light": 1,
    }
    assert report.n_spectra == 4


def test_of_two_coadds_of_a_galaxy_the_one_with_more_light_stays(survey, tmp_path):
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
    assert batch.z.tolist() == [0.7, 0.8], "the redshift fitted to that very spectrum"


def test_a_redshift_without_warning_answers_where_the_own_fit_is_missing(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [1.0, 2.0], [0.0, 0.0])
    survey.redrock("sv1-dark-1", [5], [0.4], zwarn=4)
    survey.redrock("sv3-dark-1", [5], [0.5])
    ingest(survey.recipe(cutouts=False, redshifts=True), tmp_path / "out")
    assert column(open_dataset(tmp_path / "out"), "z") == {5: 0.5, 6: None}


def test_two_images_of_a_galaxy_the_nearer_wins(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("far", 10.0, 0.6 * ARCSEC, flux=np.full((3, 152, 152), 2.0))
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
def test_pairing_by_target_id_asks_the_header_then_the_file_name(survey, tmp_path, by_header):
    survey.coadd("main-bright-1", [FIRST_ID, 8], [10.0, 11.0], [0.0, 0.0])
    name = "some-20210324" if by_header else f"cutout-{FIRST_ID}-20210324"
    survey.cutout(name, 10.0, 0.01, target_id=FIRST_ID if by_header else None)
    survey.cutout("other", 11.0, 0.0)
    report = ingest(survey.recipe('[pairing]\nby = "target_id"'), tmp_path / "out")
    assert (report.n_paired, report.n_image_only, report.n_spectrum_only) == (1, 1, 1)
    assert report.separations["largest_arcsec"] == pytest.approx(36.0, rel=1e-6)


def test_an_image_without_a_measurement_is_no_image(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("blank", 10.0, 0.0, flux=np.zeros((3, 152, 152)))
    survey.cutout("alone", 20.0, 0.0, flux=np.zeros((3, 152, 152)))
    report = ingest(survey.recipe(), tmp_path / "out")
    assert (report.n_galaxies, report.n_spectrum_only) == (1, 1)
    assert report.dropped == {"image: no measurement": 2}


def test_a_recipe_that_leaves_nothing_says_what_became_of_everything(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("elsewhere", 20.0, 0.0)
    recipe = survey.recipe('[pairing]\nunpaired = "drop"')
    with pytest.raises(DatasetError) as caught:
        ingest(recipe, tmp_path / "out")
    assert str(caught.value) == (
        "recipe 'tiny' leaves no galaxy: read 1 spectrum rows and 1 images, dropped 1, image: no "
        "spectrum; 1, spectrum: no image (unpaired galaxies: drop). Nothing was written."
    )
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


def test_a_damaged_source_leaves_nothing_behind(survey, tmp_path):
    survey.cutout("a", 10.0, 0.0)
    survey.cutout("b", 11.0, 0.0)
    path = survey.root / "cutouts/b.fits"
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(SourceError, match=r"cutouts/b\.fits"):
        ingest(survey.recipe(spectra=False), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


def test_a_directory_with_something_in_it_is_left_alone(paired, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DatasetError) as caught:
        ingest(paired.recipe(), tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} exists and is not empty: remove it or name another directory."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_label_rows_that_contradict_each_other_are_an_error(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.truth("one", {"TARGETID": [5, 6], "MASS": [1.0, 2.0]})
    survey.truth("two", {"TARGETID": [6], "MASS": [3.0]})
    with pytest.raises(DatasetError) as caught:
        ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    folder = survey.root / "truth"
    assert str(caught.value) == (
        f"1 TARGETIDs have several rows in the label tables, first 6 in {folder}/one.fits, "
        f"{folder}/two.fits: which one is meant? Leave one row a TARGETID."
    )


def test_a_label_that_no_table_has_is_an_error(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.truth("one", {"TARGETID": [5], "MASS": [1.0]})
    recipe = survey.recipe('columns = ["mass", "AGE"]', cutouts=False, labels=True)
    with pytest.raises(DatasetError) as caught:
        ingest(recipe, tmp_path / "out")
    assert str(caught.value) == (
        "no label table has the column age with one value a row; found mass."
    )


def test_label_tables_may_know_different_columns(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 6], [10.0, 11.0], [0.0, 0.0])
    survey.truth("one", {"TARGETID": [5], "MASS": [1]})
    survey.truth("two", {"TARGETID": [6], "MASS": [2.5], "AGE": [4.0]})
    ingest(survey.recipe(cutouts=False, labels=True), tmp_path / "out")
    dataset = open_dataset(tmp_path / "out")
    assert column(dataset, "mass") == {5: 1.0, 6: 2.5}
    assert column(dataset, "age") == {5: None, 6: 4.0}


def test_a_recipe_lists_all_its_problems(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = ""\nmax_rows = 0\n[pairing]\nmax_separation_arcsec = 0')
    with pytest.raises(ConfigError) as caught:
        read_recipe(path)
    assert str(caught.value) == (
        f"{path}: 'name' is empty; expected a name for the dataset. no galaxies are named: give "
        "spectra.files, images.cutouts or both. 'pairing.max_separation_arcsec' is 0.0; expected "
        "more than 0 and at most 60. 'max_rows' is 0; expected 1 or more."
    )


def test_a_pattern_without_files_is_an_error_and_nothing_is_written(survey, tmp_path):
    survey.root.mkdir()
    with pytest.raises(SourceError, match="no file"):
        ingest(survey.recipe(), tmp_path / "out")
    assert leftovers(tmp_path) == []


def test_the_same_sources_make_the_same_dataset(paired, dataset_dir, tmp_path):
    recipe = read_recipe(paired.recipe(redshifts=True, labels=True))
    assert isinstance(recipe, IngestRecipe)
    ingest(recipe, tmp_path / "again")
    assert open_dataset(tmp_path / "again").digest == open_dataset(dataset_dir).digest


def test_progress_ends_at_the_total(paired, tmp_path):
    seen = {}
    ingest(
        paired.recipe(),
        tmp_path / "out",
        progress=lambda stage, done, total: seen.update({stage: (done, total)}),
    )
    assert seen == {
        "listing spectra": (2, 2),
        "listing images": (10, 10),
        "writing galaxies": (12, 12),
    }
