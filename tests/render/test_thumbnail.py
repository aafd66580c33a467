"""Thumbnails show what was measured, the right way up and in the right colours."""

import io

import numpy as np
from PIL import Image

from galsearch.render.thumbnail import thumbnail_png


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_north_is_up_in_a_thumbnail() -> None:
    flux = np.zeros((3, 8, 6), np.float32)
    flux[:, 7, 2] = 0.05  # the last FITS row is the northernmost
    picture = pixels(thumbnail_png(flux))
    assert picture.shape == (8, 6, 3)
    assert np.unravel_index(picture.sum(axis=2).argmax(), (8, 6)) == (0, 2)


def test_a_red_galaxy_is_red_in_its_thumbnail() -> None:
    flux = np.zeros((3, 4, 4), np.float32)
    flux[2] = 0.1
    red, green, blue = pixels(thumbnail_png(flux))[0, 0]
    assert red > 2 * green
    assert green == blue


def test_missing_pixels_are_grey_and_cannot_pass_for_sky() -> None:
    mask = np.zeros((3, 4, 4), bool)
    mask[:, 0, 0] = True
    picture = pixels(thumbnail_png(np.zeros((3, 4, 4)), mask))
    assert picture[3, 0].tolist() == [89, 89, 89]
    assert picture[0, 0].tolist() == [32, 32, 32]


def test_a_thumbnail_is_scaled_to_the_wanted_size() -> None:
    flux = np.full((3, 8, 8), 0.05, np.float32)
    picture = pixels(thumbnail_png(flux, size_pixels=20))
    assert picture.shape == (20, 20, 3)
    assert (picture == pixels(thumbnail_png(flux))[0, 0]).all()
