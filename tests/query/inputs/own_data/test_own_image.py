"""Images of one's own are brought to the pixels of the survey, with notes on what differs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from galsearch.core.cutout import Cutout
from galsearch.core.errors import GalsearchError, InvalidCutoutError, QueryError
from galsearch.query.inputs.own_data.own_image import read_own_image
from tests.query.inputs.own_data.own_files import galaxy, write_galaxy


def test_a_cutout_of_the_survey_stays_as_it_is(tmp_path: Path) -> None:
    flux = galaxy()
    own = read_own_image(write_galaxy(tmp_path / "a.fits", flux))
    np.testing.assert_array_equal(own.cutout.flux, flux.astype(np.float32))
    assert own.notes == ()
    assert own.position_deg == pytest.approx((7.0, 0.0))


@pytest.mark.parametrize("scale", [0.1, 0.396, 0.5])
def test_other_pixel_scales_keep_the_flux(tmp_path: Path, scale: float) -> None:
    flux = galaxy(400, scale, noise=0)
    path = write_galaxy(tmp_path / "a.fits", flux, scale=scale)
    own = read_own_image(path)
    np.testing.assert_allclose(own.cutout.flux.sum(axis=(1, 2)), 20, rtol=1e-3)
    assert own.cutout.flux.shape == (3, 152, 152)
    assert own.notes[0] == (
        f"{path} has pixels of {scale} arcsec; it was resampled to 0.262 with its flux conserved."
    )


def test_an_array_and_a_file_of_it_are_one_image(tmp_path: Path) -> None:
    flux = galaxy()
    np.save(tmp_path / "a.npy", flux)
    one, other = read_own_image(flux), read_own_image(tmp_path / "a.npy", pixel_scale=0.262)
    np.testing.assert_array_equal(one.cutout.flux, other.cutout.flux)
    assert one.notes == ("the image states no pixel scale; 0.262 arcsec is assumed.",)
    assert (other.notes, other.position_deg) == ((), None)


def test_missing_bands_and_another_depth_are_noted() -> None:
    flux = galaxy(noise=8)[:2]
    own = read_own_image(Cutout(flux, ("r", "g"), 0.262, 7.0, 0.0))
    assert own.cutout.bands == ("g", "r", "z")
    assert own.cutout.mask is not None
    assert own.cutout.mask.all(axis=(1, 2)).tolist() == [False, False, True]
    assert own.notes[0] == "the image has no z: the embedding lacks its colours."
    assert [note.split(" in ")[0] for note in own.notes[1:]] == [
        "the image has a noise of 0.032 nanomaggies per pixel",
        "the image has a noise of 0.02 nanomaggies per pixel",
    ]
    assert own.notes[1].endswith(
        "times that of the Legacy Surveys (0.0025): its depth or its unit of flux differs."
    )


def test_a_band_of_one_value_counts_as_absent() -> None:
    flux = galaxy()
    flux[2] = 0
    own = read_own_image(flux, pixel_scale=0.262)
    assert own.cutout.mask is not None
    assert own.cutout.mask.all(axis=(1, 2)).tolist() == [False, False, True]
    assert own.notes == (
        "the image has one value in every pixel of z, which counts as no measurement: the "
        "embedding lacks its colours.",
    )


def test_a_small_image_of_coarse_pixels_is_noted() -> None:
    own = read_own_image(Cutout(galaxy(8, 1.0), tuple("grz"), 1.0, 7.0, 0.0))
    assert own.notes == (
        "the image is 8.0 arcsec wide; images of the survey are 40 arcsec.",
        "the image has pixels of 1 arcsec: detail that images of the survey (0.262 arcsec) show is "
        "missing.",
    )


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (
            np.ones((4, 20, 20)),
            {},
            "the image is an array of shape (4, 20, 20) and type float64; expected numbers of "
            "shape (3, ny, nx), nanomaggies per pixel in g, r and z.",
        ),
        (
            ["not", "an", "image"],
            {},
            "the image is an array of shape (3,) and type <U5; expected numbers of shape (3, ny, "
            "nx), nanomaggies per pixel in g, r and z.",
        ),
        (
            Cutout(np.ones((2, 50, 50)), ("i", "y"), 0.262, 7, 0),
            {},
            "the image has measurements in i, y; expected the bands g, r and z, or some of them.",
        ),
        (
            np.full((3, 50, 50), np.nan),
            {},
            "the image has measurements in no band; expected the bands g, r and z, or some of "
            "them.",
        ),
        (
            np.zeros((3, 50, 50)),
            {},
            "the image has the value 0 in every pixel of g, r, z; expected the image of a galaxy.",
        ),
        (
            np.full((3, 50, 50), np.array([1.5, 1.5, 2])[:, None, None]),
            {},
            "the image has the value 1.5 or 2 in every pixel of g, r, z; expected the image of a "
            "galaxy.",
        ),
        (
            np.ones((3, 50, 50)),
            {"position": np.array([[7.0, 0.0]])},
            "the image has no coordinates, so that a position in it has no meaning; expected an "
            "image without a position, whose centre is the galaxy, or a FITS file.",
        ),
        (np.ones((3, 50, 50)), {"pixel_scale": 0}, "pixel_scale is 0; expected 0.01 .. 10 arcsec."),
    ],
)
def test_a_wrong_image_is_refused(given: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises((QueryError, InvalidCutoutError)) as caught:
        read_own_image(given, **options)
    assert isinstance(caught.value, GalsearchError)
    assert str(caught.value) == message
