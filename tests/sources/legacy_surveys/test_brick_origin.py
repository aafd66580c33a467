"""Files of a brick are used together only if they come from one release and one part of the sky."""

import pytest

from galsearch.core.errors import SourceError
from galsearch.sources.legacy_surveys.brick_origin import BrickOrigin, check_one_origin

SOUTH = BrickOrigin("9010", "DECam")


def test_a_north_brick_has_two_surveys_and_unknown_origins_are_not_compared() -> None:
    north = {
        "g": BrickOrigin("9011", "90prime"),
        "z": BrickOrigin("9011", "Mosaic3"),
        "invvar-z": BrickOrigin("", ""),
        "r": BrickOrigin("", "ACS"),
    }
    check_one_origin(north)
    check_one_origin({})
    check_one_origin({"g": SOUTH, "r": SOUTH})


@pytest.mark.parametrize(
    ("other", "stated"),
    [
        (BrickOrigin("9011", "90prime"), "release 9011, camera 90prime (north)"),
        (BrickOrigin("10000", "DECam"), "release 10000, camera DECam (south)"),
        (BrickOrigin("", "MOSAIC"), "camera MOSAIC (north)"),
        (BrickOrigin("8000", ""), "release 8000"),
    ],
)
def test_files_of_several_releases_or_regions_are_refused(other: BrickOrigin, stated: str) -> None:
    with pytest.raises(SourceError) as caught:
        check_one_origin({"g": SOUTH, "invvar-g": SOUTH, "r": other})
    assert str(caught.value) == (
        f"r: is of {stated}, but g is of release 9010, camera DECam (south); expected the files of "
        "a brick from one release, and from the north or the south."
    )
