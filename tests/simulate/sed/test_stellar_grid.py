"""The stellar library against Bagpipes itself."""

import io
import warnings
from contextlib import redirect_stdout

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from galsearch.simulate.cosmology import (
    luminosity_distance_mpc,
)
from galsearch.simulate.population.scaling_relations import StellarPopulation
from galsearch.simulate.sed.star_formation_history import (
    mass_by_age,
    metal_weights,
)
from galsearch.simulate.sed.stellar_grid import StellarLibrary, air_to_vacuum, vacuum_to_air


@given(st.floats(2100, 11000))
def test_air_and_vacuum_are_inverse(wavelength: float) -> None:
    vacuum = np.array([wavelength])
    assert air_to_vacuum(vacuum_to_air(vacuum))[0] == pytest.approx(wavelength, rel=1e-7)


def test_a_galaxy_without_dust_equals_that_of_bagpipes(library: StellarLibrary) -> None:
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        import bagpipes

        air = np.arange(4000.0, 9000.0, 4.0)
        parts = {
            "redshift": 0.15,
            "veldisp": 150.0,
            "delayed": {"age": 8.0, "tau": 2.0, "massformed": 10.0, "metallicity": 0.8},
        }
        slow = bagpipes.model_galaxy(parts, spec_wavs=air)
    weights = np.outer(
        metal_weights(0.8, library.metallicities),
        mass_by_age(StellarPopulation(8.0, 2.0, 0.8), library.age_edges_yr),
    )
    scale = 1e10 * 3.828e33 / (4 * np.pi * (float(luminosity_distance_mpc(0.15)) * 3.0857e24) ** 2)
    light = weights.ravel() @ library.stars * scale / 1.15
    fast = np.interp(air, vacuum_to_air(library.wavelength_angstrom) * 1.15, light)
    smooth = np.ones(25) / 25
    ratio = np.convolve(fast, smooth, "valid") / np.convolve(slow.spectrum[:, 1], smooth, "valid")
    assert np.median(ratio) == pytest.approx(1, abs=0.01)
    assert np.abs(ratio - 1).max() < 0.03
    assert float(np.log10((1e10 * weights * library.living).sum())) == pytest.approx(
        slow.sfh.stellar_mass, abs=0.01
    )
