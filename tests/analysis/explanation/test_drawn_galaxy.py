"""A picture is drawn from the pixels, the places of the parts and their contributions."""

import dataclasses

import numpy as np

from galsearch.analysis.explanation.drawn_galaxy import drawn_galaxy
from galsearch.render.explained_pair.drawn_parts import DrawnImage, DrawnSpectrum
from tests.analysis.explanation.explained import explained_image, explained_spectrum


def test_an_image_is_drawn_with_its_patches() -> None:
    explained = explained_image()
    drawn = drawn_galaxy(explained, 0.5)
    assert isinstance(drawn, DrawnImage)
    assert drawn.title == "A: image of the image"
    assert drawn.patch_pixels == 12
    assert len(drawn.x_pixel) == len(drawn.y_pixel) == len(drawn.contribution) == 144
    assert np.array_equal(drawn.flux, explained.galaxy.own.cutout.flux)
    assert drawn.east_arcsec[0] > 0 > drawn.north_arcsec[0]
    assert drawn.test.whole == 0.5
    assert drawn.test.n_removed == explained.test.n_removed
    assert (drawn.test.named, drawn.test.random) == explained.test[1:]


def test_a_long_path_is_shortened_in_the_title() -> None:
    explained = explained_image()
    galaxy = dataclasses.replace(explained.galaxy, name=f"{'folder/' * 20}cutout.fits")
    drawn = drawn_galaxy(dataclasses.replace(explained, galaxy=galaxy), 0.5)
    assert drawn.title.startswith("A: image of …er/folder/")
    assert drawn.title.endswith("/cutout.fits")
    assert len(drawn.title) == len("A: image of ") + 64


def test_a_spectrum_is_drawn_with_its_stretches_and_lines() -> None:
    drawn = drawn_galaxy(explained_spectrum(), 0.5)
    assert isinstance(drawn, DrawnSpectrum)
    assert drawn.title == "B: spectrum of the spectrum, z = 0.1000"
    assert drawn.windows_angstrom.shape == (64, 2)
    assert max(drawn.line_contribution, key=drawn.line_contribution.get) == "Hα + [N II]"
    assert drawn_galaxy(explained_spectrum(float("nan")), 0.5).line_contribution == {}
