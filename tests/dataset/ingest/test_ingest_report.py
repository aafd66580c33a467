"""A report refuses counts that do not add up."""

import dataclasses

import pytest

from galsearch.core.errors import IngestError
from galsearch.dataset import IngestReport

REPORT = IngestReport(
    name="tiny",
    n_galaxies=4,
    n_spectra=4,
    n_images=3,
    n_paired=2,
    n_image_only=1,
    n_spectrum_only=1,
    dropped={"spectrum: sky": 1},
    n_ambiguous=0,
    separations={"median_arcsec": 0.1, "largest_arcsec": 0.25},
    n_with_redshift=2,
    n_labels=0,
    n_labelled=0,
    n_partitions=1,
)


def test_counts_that_add_up_pass_the_check():
    REPORT.check()
    assert str(REPORT) == (
        "4 galaxies in 1 partitions: 2 paired, 1 with an image alone, 1 with a spectrum alone\n"
        "read 4 spectrum rows and 3 images; 2 galaxies have a redshift, 0 have labels\n"
        "separation of pairs: median 0.100 arcsec, largest 0.250; 0 ambiguous pairs gave way to "
        "nearer ones\n"
        "dropped 1, spectrum: sky"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"n_spectra": 5},
            "spectrum rows do not add up: 5 read, 3 written, 1 dropped. Nothing was written.",
        ),
        (
            {"n_images": 2},
            "image rows do not add up: 2 read, 3 written, 0 dropped. Nothing was written.",
        ),
        (
            {"n_galaxies": 5},
            "galaxies do not add up: 5 written, 4 counted. Nothing was written.",
        ),
    ],
)
def test_lost_and_invented_rows_are_an_error(changes, message):
    with pytest.raises(IngestError) as caught:
        dataclasses.replace(REPORT, **changes).check()
    assert str(caught.value) == message
