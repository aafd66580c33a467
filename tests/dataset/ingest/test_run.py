"""Survey files are written as a dataset in which every input row is counted."""

import json

import pytest

from galsearch.core.errors import IngestError, OutputExistsError, SourceError
from galsearch.dataset import IngestRecipe, open_dataset, read_recipe
from galsearch.dataset.ingest.run import ingest
from tests.dataset.conftest import unfinished_outputs
from tests.file_size_limit import check_failing_writes


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
        "noted": {},
        "bad_files": [],
    }
    assert report["separations"]["median_arcsec"] == pytest.approx(0.1, abs=1e-4)


def test_a_dataset_may_hold_only_images(survey, tmp_path):
    survey.cutout("a", 10.0, 0.0)
    survey.cutout("b", 11.0, 0.0, target_id=7, bands=("g", "r"))
    report = ingest(survey.recipe(spectra=False), tmp_path / "out")
    assert (report.n_galaxies, report.n_image_only) == (2, 2)
    batch = open_dataset(tmp_path / "out").read([7])
    assert batch.image_mask[0].all(axis=(1, 2)).tolist() == [False, False, True]


def test_a_dataset_may_hold_only_spectra(survey, tmp_path):
    survey.coadd("main-bright-1", [5, 9], [1.0, 2.0], [3.0, 4.0])
    report = ingest(survey.recipe(cutouts=False), tmp_path / "out")
    assert (report.n_galaxies, report.n_spectrum_only, report.n_images) == (2, 2, 0)
    assert open_dataset(tmp_path / "out").read([9]).image_mask.all()


def test_a_recipe_that_leaves_no_galaxy_reports_all_counts(survey, tmp_path):
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    survey.cutout("elsewhere", 20.0, 0.0)
    recipe = survey.recipe('[pairing]\nunpaired = "drop"')
    with pytest.raises(IngestError) as caught:
        ingest(recipe, tmp_path / "out")
    assert str(caught.value) == (
        "recipe 'tiny' leaves no galaxy: read 1 spectrum rows and 1 images, dropped 1, image: no "
        "spectrum; 1, spectrum: no image (unpaired galaxies: drop). Nothing was written."
    )
    assert not (tmp_path / "out").exists()
    assert unfinished_outputs(tmp_path) == []


def test_a_damaged_survey_file_leaves_no_output(survey, tmp_path):
    survey.cutout("a", 10.0, 0.0)
    survey.cutout("b", 11.0, 0.0)
    path = survey.root / "cutouts/b.fits"
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(SourceError, match=r"cutouts/b\.fits"):
        ingest(survey.recipe(spectra=False), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert unfinished_outputs(tmp_path) == []


def test_a_directory_that_is_not_empty_is_not_changed(paired, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputExistsError) as caught:
        ingest(paired.recipe(), tmp_path)
    assert str(caught.value) == f"{tmp_path}: exists and is not empty."
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_pattern_without_files_is_an_error_and_nothing_is_written(survey, tmp_path):
    survey.root.mkdir()
    with pytest.raises(SourceError, match="no file"):
        ingest(survey.recipe(), tmp_path / "out")
    assert unfinished_outputs(tmp_path) == []


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


def test_a_dataset_that_cannot_be_written_leaves_nothing(survey, tmp_path):
    survey.cutout("a", 10.0, 0.0, target_id=7)
    recipe, out = survey.recipe(spectra=False), tmp_path / "home" / "out"
    out.parent.mkdir()
    check_failing_writes(lambda: ingest(recipe, out), out, n_limits=8)
    assert len(open_dataset(out)) == 1
