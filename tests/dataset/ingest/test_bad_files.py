"""All survey files that cannot be read are listed at once, or left out and listed."""

import numpy as np
import pytest

from galsearch.core.errors import BadFilesError, SourceError, StoreError
from galsearch.dataset import open_dataset
from galsearch.dataset.ingest.bad_files import BadFiles
from galsearch.dataset.ingest.run import ingest
from tests.dataset.conftest import unfinished_outputs


@pytest.fixture
def damaged(survey):
    """Six cutouts, of which three are damaged, two coadds, of which one is, and a bad table."""
    for number in range(6):
        survey.cutout(f"c{number}", 10.0 + number, 0.0)
    folder = survey.root / "cutouts"
    (folder / "c1.fits").write_text("<html>429 Too Many Requests</html>")
    (folder / "c2.fits").write_bytes(b"")
    (folder / "c3.fits").write_bytes((folder / "c3.fits").read_bytes()[:9000])
    survey.coadd("main-bright-1", [5], [10.0], [0.0])
    (survey.root / "spectra/coadd-main-bright-2.fits").write_bytes(b"SIMPLE")
    (survey.root / "truth").mkdir()
    (survey.root / "truth/t.fits").write_bytes(b"")
    return survey


BAD = ["c1.fits", "c2.fits", "c3.fits", "coadd-main-bright-2.fits", "t.fits"]


def test_all_bad_files_are_listed_in_one_error(damaged, tmp_path):
    with pytest.raises(BadFilesError) as caught:
        ingest(damaged.recipe(labels=True), tmp_path / "out")
    first, *lines = str(caught.value).splitlines()
    assert first == "5 survey files cannot be read. Nothing was written."
    assert sorted(line.split(":")[0].rsplit("/", 1)[1] for line in lines) == BAD
    assert unfinished_outputs(tmp_path) == []


def test_bad_files_can_be_left_out(damaged, tmp_path):
    report = ingest(damaged.recipe(labels=True), tmp_path / "out", skip_bad_files=True)
    assert (report.n_paired, report.n_image_only, report.n_spectrum_only) == (1, 2, 0)
    assert (report.n_images, report.n_spectra) == (3, 1)
    assert sorted(text.split(":")[0].rsplit("/", 1)[1] for text in report.bad_files) == BAD
    assert "left out 5 files that cannot be read:\n" in str(report)
    assert len(open_dataset(tmp_path / "out")) == 3


def test_files_that_are_found_bad_with_their_pixels_are_listed_too(survey, tmp_path, monkeypatch):
    survey.coadd("main-bright-1", [5, 6], [10.0, 11.0], [0.0, 0.0])
    for number in range(2):
        flux = np.full((3, 152, 152), 1.0)
        survey.cutout(f"c{number}", 10.0 + number, 0.0, flux=flux)

    from galsearch.dataset.ingest import pixels

    def fail(url):
        raise SourceError(f"{url}: damaged.")

    monkeypatch.setattr(pixels, "read_cutout", fail)
    with pytest.raises(BadFilesError, match="2 survey files cannot be read"):
        ingest(survey.recipe(), tmp_path / "out")
    report = ingest(survey.recipe(), tmp_path / "out", skip_bad_files=True)
    assert (report.n_spectrum_only, len(report.bad_files)) == (2, 2)
    assert report.dropped == {"image: its file cannot be read": 2}


def test_a_cutout_in_other_bands_is_named_with_its_bands(survey, tmp_path):
    survey.cutout("a", 10.0, 0.0, bands=("i", "y"))
    with pytest.raises(BadFilesError) as caught:
        ingest(survey.recipe(spectra=False), tmp_path / "out")
    assert str(caught.value) == (
        f"{survey.root}/cutouts/a.fits: its bands are i, y; expected one of g, r, z."
    )


def test_a_store_that_refuses_every_file_ends_the_ingest():
    bad_files = BadFiles(skip=True)
    tried = []

    def read_all():
        for number in range(100):
            with bad_files.reading(f"s3://b/{number}"):
                tried.append(number)
                raise StoreError(f"s3://b/{number}: access is denied.")

    with pytest.raises(StoreError, match="s3://b/9"):
        read_all()
    assert tried == list(range(10))
