"""Patches tile what the encoder sees, and a removed patch is one without measured pixels."""

from types import SimpleNamespace

import numpy as np

from galsearch.analysis.explanation.image_patches import ImagePatches
from galsearch.query.inputs.own_data.own_image import OwnImage, read_own_image
from tests.analysis.explanation.summing_encoder import SummingEncoder
from tests.query.inputs.own_data.own_files import galaxy


def image() -> OwnImage:
    return read_own_image(galaxy(), pixel_scale=0.262)


def sees(image_size: int, patch_size: int) -> SummingEncoder:
    encoder = SummingEncoder(0.0)
    section = SimpleNamespace(image_size=image_size, patch_size=patch_size)
    encoder.config = SimpleNamespace(image=section)
    return encoder


def masked(patches: ImagePatches, encoder: SummingEncoder, removed: list[int]) -> np.ndarray:
    """(3, 152, 152) mask that the encoder is given without some patches."""
    patches.embed(np.isin(np.arange(len(patches)), removed)[None])
    flux, mask, _ = encoder.calls[-1]
    assert np.all(flux[mask] == 0)
    return mask[0]


def test_patches_tile_the_centre_that_an_encoder_sees() -> None:
    encoder = sees(96, 12)
    patches = ImagePatches(image(), encoder)
    assert (len(patches), patches.patch_pixels) == (64, 12)
    counted = sum(masked(patches, encoder, [i])[0].astype(int) for i in range(64))
    expected = np.zeros((152, 152), int)
    expected[28:124, 28:124] = 1
    assert np.array_equal(counted, expected)


def test_an_encoder_that_names_no_patches_is_shown_all_of_the_image() -> None:
    patches = ImagePatches(image(), SummingEncoder(0.0))
    assert (len(patches), patches.patch_pixels, patches.first_row) == (144, 12, 4)


def test_columns_say_where_a_patch_is() -> None:
    encoder = sees(96, 12)
    patches = ImagePatches(image(), encoder)
    columns = patches.columns()
    for part in (0, 7, 35, 63):
        y, x = np.nonzero(masked(patches, encoder, [part])[2])
        assert columns["x_pixel"][part] == x.mean()
        assert columns["y_pixel"][part] == y.mean()
    # The first patch is in the south-east corner.
    assert columns["east_arcsec"][[0, 7]].tolist() == [11.004, -11.004]
    assert columns["north_arcsec"][[0, 63]].tolist() == [-11.004, 11.004]


def test_masked_pixels_stay_masked() -> None:
    own = image()
    flux = np.array(own.cutout.flux)
    flux[1, 70, 80] = np.nan
    encoder = sees(96, 12)
    mask = masked(ImagePatches(read_own_image(flux, pixel_scale=0.262), encoder), encoder, [])
    assert np.argwhere(mask).tolist() == [[1, 70, 80]]


def test_an_image_without_any_patch_is_blank_sky() -> None:
    encoder = sees(96, 12)
    patches = ImagePatches(image(), encoder)
    patches.embed(np.ones((1, 64), bool))
    flux, mask, _ = encoder.calls[-1]
    assert not flux.any()
    assert not mask.any()
