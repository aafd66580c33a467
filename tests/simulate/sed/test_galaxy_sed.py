"""Masses and emission lines of spectral energy distributions."""

import numpy as np

from galsearch.simulate.sed.galaxy_sed import GalaxySED, galaxy_seds
from galsearch.simulate.sed.stellar_grid import StellarLibrary
from galsearch.simulate.survey.colour_matching import draw_matched_galaxy
from tests.simulate.random_galaxies import random_galaxies


def test_first_and_second_estimate_of_the_mass_agree(library: StellarLibrary) -> None:
    many = random_galaxies(40)
    light = galaxy_seds(many, library, ebv=[0.0] * 40)
    guess = [
        -0.4 * (g.target.absolute_mag_r - 4.65) + (0.42 if g.target.red else 0.1) for g in many
    ]
    offset = np.array([one.log10_mass for one in light]) - guess
    assert abs(np.median(offset)) < 0.25
    assert np.std(offset) < 0.35


def test_lines_of_star_forming_galaxies_are_those_of_their_mass(library: StellarLibrary) -> None:
    """Ranges of medians around those of SDSS's star-forming galaxies of such masses."""
    many = [draw_matched_galaxy(library, np.random.default_rng([6, i])) for i in range(400)]
    many = [galaxy for galaxy in many if galaxy.star_forming and galaxy.target.z < 0.35]
    lights = list(zip(many, galaxy_seds(many, library, ebv=[0.0] * len(many)), strict=True))
    for (least, most), wanted in (
        ((8.5, 9.5), {"[OIII]/Hb": (1.7, 3.2), "[NII]/Ha": (0.08, 0.25), "Ha": (25, 55)}),
        ((10.3, 11.2), {"[OIII]/Hb": (0.5, 1.1), "[NII]/Ha": (0.4, 0.65), "Ha": (8, 30)}),
    ):
        found = [
            line_ratios(light, galaxy.target.z)
            for galaxy, light in lights
            if least < light.log10_mass < most
        ]
        assert len(found) > 20
        for name, (low, high) in wanted.items():
            assert low < np.median([one[name] for one in found]) < high, name


def line_ratios(light: GalaxySED, z: float) -> dict[str, float]:
    """Two ratios of lines of the young gas, and the width of Halpha at rest, Angstrom."""
    hb, oiii, ha, nii = (
        float(light.young_lines[np.argmin(np.abs(light.line_wavelength_angstrom - rest * (1 + z)))])
        for rest in (4862.7, 5008.2, 6564.6, 6585.3)
    )
    level = np.interp(6520.0 * (1 + z), light.wavelength_angstrom, light.continuum.sum(axis=0))
    return {"[OIII]/Hb": oiii / hb, "[NII]/Ha": nii / ha, "Ha": ha / float(level) / (1 + z)}
