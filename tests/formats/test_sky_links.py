"""Links exist for galaxies of the sky, and not for simulated ones."""

import numpy as np

from galsearch.core.target_id import TargetIdParts, encode_target_id, target_id_from_position
from galsearch.formats.sky_links import image_link, link_columns, spectrum_link

REAL = 39627848784286003
MOCK = int(encode_target_id(TargetIdParts(1, 2, 9010, mock=True, sky=False)))
PLACE = int(target_id_from_position(5))


def test_links_of_a_real_a_simulated_and_an_unobserved_galaxy() -> None:
    ids = np.array([REAL, MOCK, PLACE])
    columns = link_columns(ids, np.array([10.5, 1.0, 2.0]), np.array([-0.25, 1.0, np.nan]))
    viewer = "https://www.legacysurvey.org/viewer"
    assert columns["legacy_viewer_url"].to_pylist() == [
        f"{viewer}?ra=10.500000&dec=-0.250000&layer=ls-dr9&zoom=16",
        None,
        None,
    ]
    assert columns["desi_spectrum_url"].to_pylist() == [
        f"{viewer}/desi-spectrum/dr1/targetid{REAL}",
        None,
        None,
    ]
    assert image_link(PLACE, 2.0, 3.0) is not None
    assert spectrum_link(MOCK) is None
