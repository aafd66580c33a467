"""A TARGETID in a file name is told apart from coordinates, dates and counters."""

import pytest

from galsearch.dataset.ingest.identity.target_id_in_name import target_id_in_name

ID = 39627848784286003


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{ID}.fits", ID),
        (f"{ID}_150.1204123456789_2.1007987654321.fits", ID),
        (f"cutout-{ID}-20210324.fits.gz", ID),
        (f"{ID}_{ID}.fits", ID),
        (f"https://a.org/{ID}.fits?ra=150.1204123456789", ID),
        ("cutout_150.1204123456789_2.1.fits", 0),
        ("cutout_ra150p1204123456789.fits", 0),
        ("cutout_150,1204123456789.fits", 0),
        ("cutout_1501204123456789.5.fits", 0),
        ("cutout%5F150%2E1204123456789.fits", 0),
        ("cutout_20210324123456.fits", 0),
        ("cutout_20210324123456789.fits", 0),
        ("cutout_1620000000000.fits", 0),
        (f"{ID}_{ID + 1}.fits", 0),
        ("9999999999999999999.fits", 0),
        ("galaxy.fits", 0),
    ],
)
def test_only_a_whole_number_of_a_release_is_a_target_id(name, expected):
    assert target_id_in_name(name) == expected
