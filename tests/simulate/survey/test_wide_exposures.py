"""Objects of the wide population are the same in all exposures, which differ."""

import numpy as np
import pytest

from galsearch.simulate.sed.stellar_grid import StellarLibrary
from galsearch.simulate.spectroscopy.fibre_conditions import draw_fibre_conditions
from galsearch.simulate.survey.footprint import Chunk
from galsearch.simulate.survey.wide_exposures import (
    draw_hemisphere,
    draw_ordinary,
    draw_wide_objects,
    expose,
    is_point_source,
    light_in_fibre,
)

CHUNK = Chunk(1, 0, 24)


@pytest.fixture(scope="module")
def objects(library: StellarLibrary) -> list:
    return draw_wide_objects(6, CHUNK)


def test_galaxies_have_their_magnitudes_and_point_sources_no_mass(objects: list) -> None:
    for each in objects:
        dust = 2.165 * each.ebv
        mag = 22.5 - 2.5 * np.log10(each.sed.band_flux[:, 1].sum())
        assert mag == pytest.approx(each.galaxy.target.mag_r + dust, abs=0.06)
        assert np.isnan(each.sed.log10_mass) == is_point_source(each.galaxy)
        assert 0 <= each.ebv <= 0.3


def test_exposures_have_new_noise_and_the_same_object(objects: list) -> None:
    row = int(np.argmin([each.galaxy.target.mag_r for each in objects]))
    seen = [expose(6, CHUNK, row, objects[row], number, "south") for number in (0, 1, 0)]
    np.testing.assert_array_equal(seen[0].image, seen[2].image)
    assert (seen[0].image != seen[1].image).mean() > 0.99
    total = [each.image[1, 46:106, 46:106].sum() for each in seen]
    assert total[0] == pytest.approx(total[1], rel=0.2)


def test_ordinary_exposures_have_no_defects_and_their_share_is_the_one_asked_for(
    objects: list,
) -> None:
    wide = [expose(6, CHUNK, row, objects[row], 0, "south") for row in range(8)]
    ordinary = [expose(6, CHUNK, row, objects[row], 0, "south", ordinary=True) for row in range(8)]
    assert any(each.mask.any() for each in wide)
    assert not any(each.mask.any() for each in ordinary)
    assert {each.fibre.diameter_arcsec for each in ordinary} == {1.5}
    drawn = [draw_ordinary(6, CHUNK, row, number, 0.4) for row in range(500) for number in (0, 1)]
    assert np.mean(drawn) == pytest.approx(0.4, abs=0.05)


def test_northern_filters_change_the_colours_of_an_object(objects: list) -> None:
    row = int(np.argmin([each.galaxy.target.mag_r for each in objects]))
    south, north = (expose(6, CHUNK, row, objects[row], 0, name) for name in ("south", "north"))
    assert south.imaging.hemisphere == "south"
    assert north.imaging.seeing.fwhm_arcsec[0] > south.imaging.seeing.fwhm_arcsec[0]
    names = [draw_hemisphere(6, CHUNK, row, number) for row in range(24) for number in (0, 1)]
    assert 6 <= names.count("north") <= 26


def test_a_wider_fibre_holds_more_light_and_a_fibre_beside_the_centre_less(objects: list) -> None:
    from dataclasses import replace

    base = replace(
        draw_fibre_conditions(np.random.default_rng(1), bright=True),
        diameter_arcsec=1.5,
        offset_arcsec=(0.0, 0.0),
    )
    for each in objects[:4]:
        share = light_in_fibre(each.transforms, base)
        wide = light_in_fibre(each.transforms, replace(base, diameter_arcsec=3.0))
        beside = light_in_fibre(each.transforms, replace(base, offset_arcsec=(1.0, 0.0)))
        assert (wide > share).all()
        assert (beside[[0, 3]] < share[[0, 3]]).all()
        assert (wide < 1).all()
