"""A galaxy is a TARGETID of a dataset, or data of the user."""

from pathlib import Path

import numpy as np
import pytest

from galsearch.analysis.explanation.compared_galaxy import own_data, stored_data, stored_id
from galsearch.core.errors import InvalidCutoutError, MissingModalityError, SourceError
from galsearch.core.modality import Modality
from galsearch.core.spectrum import DESI_WAVELENGTH_ANGSTROM as GRID
from galsearch.dataset import open_dataset
from galsearch.dataset.batch import GalaxyBatch
from tests.query.inputs.own_data.own_files import galaxy, write_galaxy


@pytest.mark.parametrize("given", [7, "7", np.int64(7), " 7 "])
def test_whole_numbers_are_target_ids(given: object) -> None:
    assert stored_id(given) == 7


@pytest.mark.parametrize("given", ["a.fits", "7.fits", Path("7"), True, np.zeros(3), "-7"])
def test_everything_else_is_own_data(given: object) -> None:
    assert stored_id(given) is None


def test_own_data_are_read_as_the_modality_that_is_compared(tmp_path: Path) -> None:
    path = write_galaxy(tmp_path / "a.fits", galaxy())
    image = own_data(path, Modality.IMAGE)
    assert (image.name, image.modality, image.target_id) == (str(path), Modality.IMAGE, None)
    spectrum = own_data((GRID, np.ones(GRID.size)), Modality.SPECTRUM)
    assert (spectrum.name, spectrum.modality) == ("the spectrum", Modality.SPECTRUM)
    assert np.isnan([image.z, spectrum.z]).all()
    with pytest.raises(SourceError):
        own_data(path, Modality.SPECTRUM)
    with pytest.raises(InvalidCutoutError):
        own_data(np.zeros((2, 100)), Modality.IMAGE)


def test_stored_data_are_the_pixels_of_the_dataset(demonstration) -> None:
    dataset = open_dataset(demonstration.home / "demo" / "dataset")
    target_id = stored_id(demonstration.target_id)
    assert target_id is not None
    batch: GalaxyBatch = dataset.read([target_id])
    image = stored_data(dataset, target_id, Modality.IMAGE)
    spectrum = stored_data(dataset, target_id, Modality.SPECTRUM)
    assert np.array_equal(image.own.cutout.flux, batch.image_flux[0])
    assert np.array_equal(spectrum.own.spectrum.ivar, batch.spectrum_ivar[0])
    assert (image.z, spectrum.target_id) == (batch.z[0], target_id)
    assert image.name == f"TARGETID {target_id}"


def test_a_galaxy_without_the_modality_is_refused(demonstration, monkeypatch) -> None:
    dataset = open_dataset(demonstration.home / "demo" / "dataset")
    target_id = stored_id(demonstration.target_id)
    batch = dataset.read([target_id])
    batch.has_image[:] = False
    monkeypatch.setattr(type(dataset), "read", lambda *_, **__: batch)
    with pytest.raises(MissingModalityError) as error:
        stored_data(dataset, target_id, Modality.IMAGE)
    assert str(error.value) == f"TARGETID {target_id} has no image in dataset {dataset.name!r}."
