"""Distances and ages against astropy with other settings."""

import numpy as np

from galsearch.simulate.cosmology import (
    age_gyr,
    differential_volume,
    distance_modulus,
    kpc_per_arcsec,
    luminosity_distance_mpc,
)


def test_distances_and_ages_are_those_of_a_numerical_integration() -> None:
    """The trapezoid rule in steps of 1e-5, and the closed form of the age of a flat universe."""
    z = np.array([0.01, 0.1, 0.35, 0.8])
    grid = np.linspace(0, 0.8, 80_001)
    expansion = np.sqrt(0.3 * (1 + grid) ** 3 + 0.7)
    steps = 299792.458 / 70 / expansion
    comoving = np.concatenate([[0], np.cumsum((steps[1:] + steps[:-1]) / 2 * np.diff(grid))])
    distance = np.interp(z, grid, comoving)
    np.testing.assert_allclose(luminosity_distance_mpc(z), (1 + z) * distance, rtol=1e-8)
    modulus = 5 * np.log10((1 + z) * distance) + 25
    np.testing.assert_allclose(distance_modulus(z), modulus, atol=1e-7)
    kpc = distance / (1 + z) * 1e3 * np.deg2rad(1 / 3600)
    np.testing.assert_allclose(kpc_per_arcsec(z), kpc, rtol=1e-8)
    volume = distance**2 * np.interp(z, grid, steps)
    np.testing.assert_allclose(differential_volume(z), volume, rtol=1e-8)
    age = 2 / (3 * np.sqrt(0.7)) * 977.7922 / 70 * np.arcsinh(np.sqrt(0.7 / 0.3) * (1 + z) ** -1.5)
    np.testing.assert_allclose(age_gyr(z), age, rtol=1e-7)
