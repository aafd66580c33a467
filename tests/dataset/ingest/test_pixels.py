"""Each galaxy has the pixels of its own image and spectrum."""

import numpy as np
import pytest

from galsearch.core.errors import IngestError
from galsearch.core.progress import no_progress
from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.ingest_recipe import PairingRule
from galsearch.dataset.ingest.inventory import list_images, list_spectra
from galsearch.dataset.ingest.pairing import pair
from galsearch.dataset.ingest.pixels import load_spectra
from galsearch.sources.desi.spectra_file import read_spectra_file
from tests.dataset.conftest import FIRST_ID


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


def test_a_file_that_changed_after_the_first_pass_is_refused(survey):
    survey.coadd("main-bright-1", [5, 6], [10.0, 11.0], [0.0, 0.0])
    url = str(survey.root / "spectra/coadd-main-bright-1.fits")
    bad_files = BadFiles(skip=False)
    spectra = list_spectra((url,), no_progress, bad_files)
    images = list_images((), (), no_progress, bad_files, ids_from_names=False)
    galaxies = pair(spectra, images, PairingRule())
    survey.coadd("main-bright-1", [7, 8], [10.0, 11.0], [0.0, 0.0])
    with pytest.raises(IngestError) as caught:
        load_spectra(galaxies, np.arange(2), spectra, bad_files)
    assert str(caught.value) == (
        f"{url}: the file changed during the ingest; its TARGETIDs differ. Nothing was written."
    )
