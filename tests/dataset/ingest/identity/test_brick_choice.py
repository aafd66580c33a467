"""Files of bricks are grouped by survey, and each galaxy has the brick of one survey."""

import numpy as np
import pytest

from galsearch.core.errors import IngestError
from galsearch.dataset.ingest.identity.brick_choice import Brick, choose_bricks, list_bricks
from galsearch.sources.legacy_surveys.brick_header import BrickHeader
from galsearch.sources.legacy_surveys.tangent_plane import TangentPlane

RA, DEC = np.array([150.3]), np.array([32.3])


def files(folder, bands, kinds=("image",), name="1503p322"):
    return [f"{folder}/legacysurvey-{name}-{k}-{b}.fits.fz" for k in kinds for b in bands]


def chosen_folder(urls, *, dec=DEC, photsys=None):
    bricks = list_bricks(sorted(urls)).bricks
    numbers, noted = choose_bricks(bricks, RA, dec, photsys)
    brick = bricks[numbers[0]]
    return brick, {url.rsplit("/", 1)[0] for url in brick.images.values()}, noted


@pytest.mark.parametrize(
    ("photsys", "region"), [(None, "south"), (np.array(["N"]), "north"), (np.array(["S"]), "south")]
)
def test_a_brick_of_north_and_south_is_taken_from_one_of_them(photsys, region):
    urls = files("north", "grz") + files("south", "grz")
    brick, folders, noted = chosen_folder(urls, photsys=photsys)
    assert folders == {region}
    assert list(brick.images) == ["g", "r", "z"]
    assert noted == {f"image: from the brick in {region}, which lies in north, south": 1}


def test_bands_of_different_regions_are_not_combined():
    _, folders, _ = chosen_folder(files("north", "z") + files("south", "gr"))
    assert folders == {"south"}


def test_of_two_folders_the_one_with_more_bands_is_taken():
    _, folders, noted = chosen_folder(files("south", "gr") + files("north", "grz"))
    assert folders == {"north"}
    assert noted == {"image: from the brick in north, which lies in north, south": 1}


def test_the_bands_of_a_brick_may_lie_in_folders_of_their_own():
    urls = files("g", "g") + files("r", "r") + files("i", "gr", ("invvar",))
    brick, folders, noted = chosen_folder(urls)
    assert folders == {"g", "r"}
    assert set(brick.invvars) == {"g", "r"}
    assert not noted


def test_a_brick_of_another_name_is_taken_where_its_header_says():
    header = BrickHeader(TangentPlane(150.3, 32.3, 199.5, 199.5, 0.262), (400, 400))
    brick = Brick("custom-150300p32300", {"g": "a.fits"}, {}, header)
    numbers, _ = choose_bricks([brick], np.array([150.3, 151.0]), np.array([32.3, 32.3]))
    assert numbers.tolist() == [0, -1]


def test_files_that_are_no_images_of_bricks_are_counted_or_an_error():
    urls = [*files("a", "g", ("image", "model")), *files("a", "r", ("invvar",)), "a/b.fits"]
    assert list_bricks(urls).noted == {
        "file: of a brick, but no image or inverse variance in g, r or z": 2,
        "file: inverse variance of a brick without an image": 1,
    }
    with pytest.raises(IngestError) as caught:
        list_bricks(files("a", "iY"))
    assert str(caught.value) == (
        "none of the 2 files of images.bricks is an image of a brick in g, r or z, first "
        "a/legacysurvey-1503p322-image-i.fits.fz; expected names such as "
        "legacysurvey-1503p322-image-g.fits.fz; found images in Y, i. Nothing was written."
    )
