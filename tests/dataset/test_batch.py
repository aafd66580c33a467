"""Batches hold masks and writable arrays, and can be concatenated."""

import numpy as np

from galsearch.dataset import open_dataset
from galsearch.dataset.batch import concatenate
from tests.dataset.conftest import FIRST_ID, assert_same_galaxies


def test_masks_are_stored_and_read(survey, tmp_path):
    from galsearch.dataset.ingest.run import ingest

    flux = np.ones((3, 152, 152))
    flux[1, 5, 7] = np.nan
    flux[2, :80] = 0
    survey.cutout("a", 1.0, 1.0, target_id=3, flux=flux)
    survey.cutout("b", 2.0, 1.0, target_id=4)
    ingest(survey.recipe(spectra=False), tmp_path / "out")
    batch = open_dataset(tmp_path / "out").read([4, 3])
    assert not batch.image_mask[0].any()
    assert batch.image_mask[1].sum(axis=(1, 2)).tolist() == [0, 1, 80 * 152]
    assert batch.image_mask[1, 1, 5, 7]


def test_arrays_of_a_batch_are_writable(dataset):
    batch = dataset.read([FIRST_ID])
    batch.image_flux[0] = 5
    batch.spectrum_mask[0] = True
    assert dataset.read([FIRST_ID]).image_flux[0, 0, 0, 0] == 1


def test_rows_of_a_batch_are_taken_and_concatenated(dataset):
    batch = dataset.read(FIRST_ID + np.arange(3))
    parts = [batch.take(slice(0, 1)), batch.take(np.array([1, 2]))]
    assert_same_galaxies(concatenate(parts), batch)
    assert len(parts[1]) == 2
